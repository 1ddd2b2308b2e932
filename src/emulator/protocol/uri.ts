import { S3Error } from './s3-error.js';

/** A decoded query parameter; `value` is '' where the request had no `=`. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

/**
 * Encodes text as Signature Version 4 and `encoding-type=url` want it: the UTF-8 bytes, each but the unreserved
 * characters of RFC 3986 as `%XX` in upper case.
 */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** As {@link uriEncode} with `/` left as it is: the canonical URI of S3, which is encoded once only. */
export function uriEncodePath(path: string): string {
  return path.split('/').map(uriEncode).join('/');
}

/**
 * Decodes the `%XX` of a part of the request target; a `+` stays a `+`.
 *
 * @throws S3Error `InvalidURI` where an escape is broken or the bytes are no UTF-8.
 */
export function uriDecode(raw: string): string {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(raw)) return raw;
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) throw new S3Error('InvalidURI');
  // Latin-1: Node hands bytes above 0x7f of the request line over as one character each.
  const bytes = Buffer.from(
    raw.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new S3Error('InvalidURI', { cause });
  }
}

/** Splits and decodes a query string in its order; `+` means a space here, as S3 reads it. */
export function parseQuery(raw: string): readonly QueryParameter[] {
  return raw
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      const value = equals < 0 ? '' : pair.slice(equals + 1);
      return { name: decodeQueryPart(name), value: decodeQueryPart(value) };
    });
}

function decodeQueryPart(raw: string): string {
  return uriDecode(raw.replaceAll('+', ' '));
}
