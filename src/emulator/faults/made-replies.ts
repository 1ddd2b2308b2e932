import { element, tag, XML_DECLARATION } from '../protocol/xml-writer.js';
import type { Reply } from '../operations/request.js';
import type { Fault } from './rules.js';

/** S3 refuses requests that are more than 15 minutes off (S3 API reference, RequestTimeTooSkewed). */
const DEFAULT_OFFSET_MS = 20 * 60_000;

const CODES: Readonly<Record<number, string>> = {
  400: 'InvalidRequest',
  403: 'AccessDenied',
  404: 'NoSuchKey',
  500: 'InternalError',
  503: 'SlowDown',
};

/** The reply that a fault gives in place of the server's; undefined where the server is asked. */
export function madeReply(fault: Fault, nowMs: number): Reply | undefined {
  switch (fault.kind) {
    case 'status': {
      const { status, code = CODES[status] ?? 'InternalError', retryAfterSeconds } = fault;
      const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
      return errorDocument(status, code, headers);
    }
    case 'expired-token':
      return errorDocument(400, 'ExpiredToken');
    case 'skewed-clock': {
      const serverMs = nowMs + (fault.offsetMs ?? DEFAULT_OFFSET_MS);
      return errorDocument(403, 'RequestTimeTooSkewed', { date: new Date(serverMs).toUTCString() }, [
        tag('ServerTime', new Date(serverMs).toISOString()),
        tag('MaxAllowedSkewMilliseconds', '900000'),
      ]);
    }
    case 'error-document':
      return errorDocument(200, fault.code ?? 'InternalError');
    case 'slow':
    case 'reset':
    case 'short-body':
    case 'stalled-body':
    case 'wrong-etag':
    case 'lost-reply':
    case 'corrupt-byte':
    case 'truncated-xml':
      return undefined;
  }
}

function errorDocument(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
): Reply {
  const body =
    XML_DECLARATION +
    element('Error', tag('Code', code), tag('Message', 'Made to fail by a fault rule'), ...more);
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}
