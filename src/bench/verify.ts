import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../errors/failure.js';
import type { ObjectStore } from '../s3/store.js';
import type { ExperimentFile } from './plan.js';

const RANGE_BYTES = 1024 * 1024;
/** Ranges held in memory at one time; each has a connection, so that reading back takes less than what is timed. */
const RANGES_AHEAD = 8;

/** SHA-256 of a file in hexadecimal. */
export async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal });
  return hash.digest('hex');
}

/**
 * SHA-256 of an object as the server gives it, by plain ranged reads pinned to one ETag; none of the transporters
 * has a part in it. An object of another length has another digest.
 */
export async function hashObject(
  store: ObjectStore,
  key: string,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const first = await readFirst(store, key, sizeBytes, signal);
  if (first.sizeBytes !== sizeBytes) return `wrong length ${first.sizeBytes}`;
  const hash = createHash('sha256').update(first.bytes);
  const ahead: Promise<Buffer>[] = [];
  let asked = first.bytes.length;
  const askNext = () => {
    if (asked >= sizeBytes) return;
    const range = { firstByte: asked, lastByte: Math.min(asked + RANGE_BYTES, sizeBytes) - 1 };
    asked = range.lastByte + 1;
    const read = readRange(store, key, range, first.etag, signal);
    read.catch(() => undefined); // awaited below, in order; one that fails early must not count as unhandled
    ahead.push(read);
  };
  for (let count = 0; count < RANGES_AHEAD; count += 1) askNext();
  for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
    hash.update(await next);
    askNext();
  }
  return hash.digest('hex');
}

/** The first range tells version and length too: a small object takes one request. */
async function readFirst(
  store: ObjectStore,
  key: string,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<{ readonly sizeBytes: number; readonly etag: string; readonly bytes: Buffer }> {
  const range = { firstByte: 0, lastByte: Math.min(RANGE_BYTES, sizeBytes) - 1 };
  // No range of an empty object can be asked for, and none of one that is empty by mistake is there.
  const read = await store
    .get(key, sizeBytes === 0 ? { signal } : { range, signal })
    .catch((reason: unknown) => {
      const failure = Failure.from(reason);
      if (failure.kind === 'bad-range') return undefined;
      throw failure;
    });
  if (read === undefined) return { sizeBytes: 0, etag: '', bytes: Buffer.alloc(0) };
  const { head } = read;
  if (head.sizeBytes !== sizeBytes) {
    read.body.destroy();
    return { sizeBytes: head.sizeBytes, etag: head.etag, bytes: Buffer.alloc(0) };
  }
  return { sizeBytes, etag: head.etag, bytes: await buffer(read.body) };
}

async function readRange(
  store: ObjectStore,
  key: string,
  range: { firstByte: number; lastByte: number },
  ifMatch: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const read = await store.get(key, { range, ifMatch, signal });
  return buffer(read.body);
}

/** Most that is sent as one body from memory. */
const PUT_BYTES = 64 * 1024 * 1024;

/** Puts a file as one object, or in parts where it is big; one part is in memory at a time. */
export async function putFile(
  store: ObjectStore,
  key: string,
  file: ExperimentFile,
  signal: AbortSignal,
): Promise<void> {
  const handle = await open(file.path, 'r');
  try {
    const part = async (start: number) => {
      const bytes = Buffer.alloc(Math.min(PUT_BYTES, file.sizeBytes - start));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    };
    if (file.sizeBytes <= PUT_BYTES) await store.put(key, await part(0), { signal });
    else await putParts(store, key, file.sizeBytes, part, signal);
  } finally {
    await handle.close();
  }
}

async function putParts(
  store: ObjectStore,
  key: string,
  sizeBytes: number,
  part: (start: number) => Promise<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  const uploadId = await store.createUpload(key, { signal });
  try {
    const parts = [];
    for (let start = 0; start < sizeBytes; start += PUT_BYTES) {
      parts.push(await store.uploadPart(key, uploadId, parts.length + 1, await part(start), { signal }));
    }
    await store.completeUpload(key, uploadId, parts, { signal });
  } catch (error) {
    await store.abortUpload(key, uploadId).catch(() => undefined);
    throw error;
  }
}
