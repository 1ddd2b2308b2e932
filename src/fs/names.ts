import { Failure } from '../errors/failure.js';
import { decodeName, encodeName } from './name-bytes.js';

/** NAME_MAX of Linux file systems, in bytes. */
export const NAME_MAX_BYTES = 255;
/** Longest S3 key in bytes of UTF-8 (S3 user guide, "Naming objects"). */
export const KEY_MAX_BYTES = 1024;
/** The folder below the mounted prefix that holds our own records; hidden in the mount. */
export const RESERVED_NAME = '.objectfs';

/** Whether a name in the root is ours and not the user's. */
export function isReserved(parentIsRoot: boolean, name: string): boolean {
  return parentIsRoot && name === RESERVED_NAME;
}

/** @throws Failure `name-too-long` over 255 bytes. */
export function checkName(name: string): void {
  if (encodeName(name).length <= NAME_MAX_BYTES) return;
  throw new Failure('name-too-long', `The name "${name.slice(0, 40)}..." is longer than 255 bytes`);
}

/** Where bytes of names that are no UTF-8 go in keys, which must be: the last private-use characters of Unicode. */
const ESCAPED_BYTES_BASE = 0x10ff00;
/** Lone surrogates, by which `name-bytes.ts` stands for such bytes. */
const LONE_BYTES_BASE = 0xdc00;

/** In front of a name that is written in base64url as a whole. */
const WHOLE_ESCAPE = '\u{10ff7f}';
/** Longest part of a key that {@link keySegment} makes: {@link WHOLE_ESCAPE} and 255 bytes in base64url. */
export const SEGMENT_MAX_BYTES = 344;

/**
 * A name as part of a key. Only names that are no UTF-8 change, and those with a character that stands for a byte:
 * such a character is written as its own four bytes. A name with many of those is written in base64url as a whole.
 */
export function keySegment(name: string): string {
  const segment = name.replaceAll(/[\p{Surrogate}\u{10ff80}-\u{10ffff}]/gu, (text) =>
    String.fromCodePoint(...Array.from(encodeName(text), (byte) => ESCAPED_BYTES_BASE + byte)),
  );
  const plain = Buffer.byteLength(segment) <= SEGMENT_MAX_BYTES && !segment.startsWith(WHOLE_ESCAPE);
  return plain ? segment : WHOLE_ESCAPE + encodeName(name).toString('base64url');
}

/** The inverse of {@link keySegment}. */
export function nameOfSegment(segment: string): string {
  if (segment.startsWith(WHOLE_ESCAPE)) {
    return decodeName(Buffer.from(segment.slice(WHOLE_ESCAPE.length), 'base64url'));
  }
  if (!/[\u{10ff80}-\u{10ffff}]/u.test(segment)) return segment;
  const bytes = segment.replaceAll(/[\u{10ff80}-\u{10ffff}]/gu, (escaped) =>
    String.fromCharCode(LONE_BYTES_BASE + (escaped.codePointAt(0) ?? 0) - ESCAPED_BYTES_BASE),
  );
  // Bytes that are UTF-8 together become the character that they are.
  return decodeName(encodeName(bytes));
}

/** @throws Failure `name-too-long` where S3 could not hold the key. */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) <= KEY_MAX_BYTES) return;
  throw new Failure('name-too-long', `The path gives an S3 key of more than ${KEY_MAX_BYTES} bytes`, {
    subject: key,
    remedy: 'Use shorter names or fewer levels of folders',
  });
}

/** Whether a listed key segment can be a file name. */
export function isShowable(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && !segment.includes('\0');
}
