import { Readable } from 'node:stream';
import { isTransient, retrying } from '../../s3/backoff.js';
import type { UploadedPart } from '../../s3/store.js';
import type { Context } from '../context.js';
import type { PlannedPart } from './part-plan.js';
import type { Stage } from './stage.js';
import { atAddress } from './version.js';

/** Larger parts are sent as they are read, so that a part never takes more memory than this. */
const BUFFER_MAX_BYTES = 64 * 1024 * 1024;
const STEP_BYTES = 1024 * 1024;

/** A part of a plan with its place in an upload. */
export interface PlacedPart extends PlannedPart {
  readonly key: string;
  readonly uploadId: string;
  readonly partNumber: number;
}

/** Has one part of a stage copied, or uploads it. */
export async function sendStagePart(
  context: Context,
  stage: Stage,
  part: PlacedPart,
  signal: AbortSignal,
): Promise<UploadedPart> {
  const { key, uploadId, partNumber, start, end, copy } = part;
  const sizeBytes = end - start;
  if (copy !== undefined) {
    const range = { firstByte: copy.offset, lastByte: copy.offset + sizeBytes - 1 };
    return await atAddress(context, copy.version, signal, async (from) => {
      const options = { sourceKey: from.key, range, sourceIfMatch: from.etag, signal };
      return await context.store.copyPart(key, uploadId, partNumber, options);
    });
  }
  if (sizeBytes <= Math.min(BUFFER_MAX_BYTES, context.uploadMemory.limitBytes)) {
    const send = async (): Promise<UploadedPart> => {
      const body = await readAll(stage, start, end, signal);
      return await context.store.uploadPart(key, uploadId, partNumber, body, { signal });
    };
    return await context.uploadMemory.run(sizeBytes, send, signal);
  }
  const stream = async (): Promise<UploadedPart> => {
    const body = Readable.from(stepsOf(stage, start, end, signal), { objectMode: false });
    return await context.store.uploadPart(key, uploadId, partNumber, body, { sizeBytes, signal });
  };
  // The store sends a stream only once.
  return await context.uploadMemory.run(
    2 * STEP_BYTES,
    () => retrying(stream, { signal, isRetriable: isTransient }),
    signal,
  );
}

/** One buffer, filled step by step: the pieces together would take the same room a second time. */
async function readAll(stage: Stage, start: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
  const body = Buffer.allocUnsafeSlow(end - start);
  let filled = 0;
  for await (const piece of stepsOf(stage, start, end, signal)) {
    body.set(piece, filled);
    filled += piece.length;
  }
  return body;
}

async function* stepsOf(
  stage: Stage,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += STEP_BYTES) {
    yield* await stage.read(at, Math.min(STEP_BYTES, end - at), signal);
  }
}
