import type { Readable } from 'node:stream';
import type { Checksum } from '../s3/checksums/hasher.js';
import { Failure } from '../errors/failure.js';

/** File writes are gathered to this size: a trip to the thread pool costs about as much as copying 64 KiB. */
const GATHER_BYTES = 2 ** 20;

export interface Batch {
  readonly chunks: Buffer[];
  readonly sizeBytes: number;
}

/**
 * Body chunks in batches; exactly `expectedBytes` in sum, or a failure `short-body`.
 *
 * @param digest - takes the bytes on the way.
 */
export async function* gather(
  body: Readable,
  expectedBytes: number,
  digest?: Checksum,
): AsyncGenerator<Batch> {
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let seenBytes = 0;
  for await (const chunk of body) {
    const bytes = chunk as Buffer; // the body of an HTTP reply without an encoding gives buffers
    seenBytes += bytes.byteLength;
    if (seenBytes > expectedBytes) break;
    digest?.update(bytes);
    chunks.push(bytes);
    sizeBytes += bytes.byteLength;
    if (sizeBytes < GATHER_BYTES) continue;
    yield { chunks, sizeBytes };
    chunks = [];
    sizeBytes = 0;
  }
  if (seenBytes !== expectedBytes) {
    throw new Failure('short-body', `The reply had ${seenBytes} bytes where ${expectedBytes} were announced`);
  }
  if (sizeBytes > 0) yield { chunks, sizeBytes };
}
