import pLimit from 'p-limit';
import type { ObjectBody } from '../s3/store.js';
import { createChecksum } from '../s3/checksums/hasher.js';
import { crc32Base64 } from '../s3/payload.js';
import { changedFile, readThrough } from './local-files.js';
import type { Part } from './plan.js';
import { SliceStream, type PartFile } from './slice-stream.js';
import type { RandomSource } from './upload-source.js';

/** The bytes of one part of an upload, for as many tries as it takes. */
export interface PartContent {
  /** As in `x-amz-checksum-crc32`. */
  readonly crc32: string;
  /** What one try sends. */
  readonly body: () => ObjectBody;
  /** To be called when the server has the bytes, and no try has failed: after that nobody knows who still holds them. */
  readonly release: () => void;
}

/** How an upload gets at its parts. */
export type PartReader = (part: Part) => Promise<PartContent>;

/** Parts are read whole: what threads take, what can be signed, and what is in memory anyway. */
export function wholeParts(source: RandomSource): PartReader {
  return async ({ firstByte, sizeBytes }) => {
    const bytes = await source.read(firstByte, sizeBytes);
    const release = (): void => {
      source.release(bytes);
    };
    return { ...contentInMemory(bytes), release };
  };
}

/** Bytes that nobody uses again. */
export function contentInMemory(bytes: Uint8Array): PartContent {
  return { crc32: crc32Base64(bytes), body: () => bytes, release: () => undefined };
}

/** More would read against each other, and the first part would wait for all of them. */
const SUMS_AT_A_TIME = 2;

/**
 * Parts are read while they are sent, in pieces; before that once for their CRC32, which the request carries in its head.
 * The sums of the first parts are made while the store makes the upload, and later ones a window ahead.
 *
 * @param ahead - how many parts ahead of the one that is sent.
 */
export function streamedParts(file: PartFile, parts: readonly Part[], ahead: number): PartReader {
  const limit = pLimit(SUMS_AT_A_TIME);
  const sums = new Map<number, Promise<string>>();
  const begin = (from: number): void => {
    for (const part of parts.slice(from, from + ahead)) {
      if (sums.has(part.index)) continue;
      const sum = limit(() => crc32Of(file, part));
      sum.catch(() => undefined); // who asks for the part is told
      sums.set(part.index, sum);
    }
  };
  begin(0);
  return async (part) => {
    const crc32 = await (sums.get(part.index) ?? limit(() => crc32Of(file, part)));
    sums.delete(part.index);
    begin(part.index + 1);
    const streams: SliceStream[] = [];
    const body = (): SliceStream => {
      const stream = new SliceStream(file, part);
      streams.push(stream);
      return stream;
    };
    const release = (): void => {
      for (const stream of streams) stream.release();
    };
    return { crc32, body, release };
  };
}

/** @throws Failure `changed-under-us` where the file ends before the part does. */
async function crc32Of({ handle, path }: PartFile, part: Part): Promise<string> {
  const checksum = createChecksum('CRC32');
  if (await readThrough(handle, path, part, checksum)) return checksum.digest();
  throw changedFile(path);
}
