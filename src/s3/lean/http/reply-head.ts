import { wireError } from './wire-error.js';

/** How a reply says where its body ends (RFC 9112 section 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** Until the server closes. */
  | { readonly kind: 'close' };

export interface ReplyHead {
  readonly status: number;
  /** Names in lower case; repeated fields joined by a comma, as RFC 9110 section 5.3 allows. Values are Latin-1. */
  readonly headers: Readonly<Record<string, string>>;
  readonly framing: Framing;
  /** The connection may carry another request after this reply. */
  readonly keepsAlive: boolean;
}

/**
 * Reads status line and fields.
 *
 * @param text - up to and without the empty line, one character for each byte.
 * @param method - of the request: a reply to HEAD has no body.
 * @throws an error with code `HPE_…`, as Node's own parser gives it, where the text is not HTTP/1.
 */
export function parseReplyHead(text: string, method: string): ReplyHead {
  const lines = text.split('\r\n');
  const match = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0] ?? '');
  if (match === null)
    throw wireError('HPE_INVALID_CONSTANT', 'Parse Error: the reply does not begin as HTTP/1');
  const status = Number(match[2]);
  const headers: Record<string, string> = {};
  for (let at = 1; at < lines.length; at += 1) addField(headers, lines[at] ?? '');
  const framing = framingOf(status, headers, method);
  const connection = headers['connection']?.toLowerCase() ?? (match[1] === '0' ? 'close' : '');
  const keepsAlive = framing.kind !== 'close' && !connection.split(/, */).includes('close');
  return { status, headers, framing, keepsAlive };
}

function addField(headers: Record<string, string>, line: string): void {
  const colon = line.indexOf(':');
  if (colon <= 0) throw wireError('HPE_INVALID_HEADER_TOKEN', 'Parse Error: a header field without a name');
  const name = line.slice(0, colon).toLowerCase();
  const value = line.slice(colon + 1).trim();
  const before = headers[name];
  headers[name] = before === undefined ? value : `${before}, ${value}`;
}

function framingOf(status: number, headers: Readonly<Record<string, string>>, method: string): Framing {
  if (method === 'HEAD' || status === 204 || status === 304) return { kind: 'none' };
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    if (coding.toLowerCase() === 'chunked') return { kind: 'chunked' };
    throw wireError('HPE_INVALID_TRANSFER_ENCODING', `Parse Error: transfer coding ${coding}`);
  }
  const length = headers['content-length'];
  if (length === undefined) return { kind: 'close' };
  if (!/^\d{1,16}$/.test(length)) {
    throw wireError('HPE_INVALID_CONTENT_LENGTH', 'Parse Error: the content length is no number');
  }
  return length === '0' ? { kind: 'none' } : { kind: 'length', bytes: Number(length) };
}
