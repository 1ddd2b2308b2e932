import { Failure } from '../errors/failure.js';
import { encodeName } from './name-bytes.js';

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

/**
 * Checks a name that is to be looked up or made.
 *
 * @throws Failure `name-too-long` over 255 bytes; `invalid-argument` where bytes are no UTF-8, since S3 keys must be.
 */
export function checkName(name: string): void {
  if (encodeName(name).length > NAME_MAX_BYTES) {
    throw new Failure('name-too-long', `The name "${name.slice(0, 40)}..." is longer than 255 bytes`);
  }
  if (/\p{Surrogate}/u.test(name)) {
    throw new Failure('invalid-argument', 'The name is not valid UTF-8, which S3 keys must be', {
      subject: JSON.stringify(name),
      remedy: 'Rename the file to UTF-8, for example with convmv',
    });
  }
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
