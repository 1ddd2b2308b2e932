import type { StoredChecksum } from '../../s3/checksums/algorithm.js';
import { tag, type Xml } from '../protocol/xml-writer.js';

/** `x-amz-checksum-crc32` and `x-amz-checksum-type` of a stored checksum; parts have no type. */
export function checksumHeaders(
  checksum: StoredChecksum | undefined,
  form: 'value-only' | 'with-type' = 'with-type',
): Readonly<Record<string, string | undefined>> {
  if (checksum === undefined) return {};
  return {
    [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: checksum.value,
    'x-amz-checksum-type': form === 'with-type' ? checksum.type : undefined,
  };
}

/** The same as elements of a reply: `ChecksumCRC32` and `ChecksumType`. */
export function checksumElements(checksum: StoredChecksum | undefined): Xml {
  if (checksum === undefined) return '';
  return tag(`Checksum${checksum.algorithm}`, checksum.value) + tag('ChecksumType', checksum.type);
}
