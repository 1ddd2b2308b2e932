import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Failure } from '../errors/failure.js';
import { createChecksum } from '../s3/checksums/hasher.js';
import { changedFile, onLocalFile } from './local-files.js';
import type { PartFile } from './slice-stream.js';
import type { TransferSource } from './transporter.js';

/** Bytes that can be read again at any position: what parts and retries need. */
export interface RandomSource {
  readonly sizeBytes: number;
  /** @param buffer - at least `sizeBytes` long where the source copies; a source in memory hands out a view. */
  read(firstByte: number, sizeBytes: number): Promise<Uint8Array>;
  /** Takes back bytes that nobody needs any more, for another read: buffers wait long for the garbage collector. */
  release(bytes: Uint8Array): void;
  /** Where parts can be read while they are sent. */
  readonly file?: PartFile;
  /** @throws Failure `changed-under-us` where the file is not the one that was opened. */
  checkUnchanged(): Promise<void>;
  close(): Promise<void>;
}

/** Opens what can be read at positions; a stream can not. */
export async function openSource(
  source: Exclude<TransferSource, { readonly kind: 'stream' }>,
): Promise<RandomSource> {
  if (source.kind === 'file') return openFile(source.path);
  const { bytes } = source;
  return {
    sizeBytes: bytes.byteLength,
    read: (firstByte, sizeBytes) => Promise.resolve(bytes.subarray(firstByte, firstByte + sizeBytes)),
    release: () => undefined,
    checkUnchanged: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** The CRC32 of all bytes, as a request carries it; `undefined` of a stream, which can be read once only. */
export async function crc32OfSource(
  source: TransferSource,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (source.kind === 'stream') return undefined;
  const checksum = createChecksum('CRC32');
  if (source.kind === 'bytes') checksum.update(source.bytes);
  else {
    const { path } = source;
    const options = signal === undefined ? {} : { signal };
    await onLocalFile(path, async () => {
      for await (const chunk of createReadStream(path, options)) checksum.update(toBuffer(chunk));
    });
  }
  return checksum.digest();
}

async function openFile(path: string): Promise<RandomSource> {
  return onLocalFile(path, async () => {
    const handle = await open(path, 'r');
    const before = await handle.stat();
    if (!before.isFile()) {
      await handle.close();
      if (before.isDirectory())
        throw new Failure('is-directory', `${path} is a directory`, { subject: path });
      throw new Failure('invalid-argument', `${path} is no regular file`, {
        subject: path,
        remedy: 'Give a regular file, or a stream for devices and pipes',
      });
    }
    const free: Uint8Array[] = [];
    return {
      sizeBytes: before.size,
      read(firstByte, sizeBytes) {
        const buffer = takeFree(free, sizeBytes) ?? Buffer.allocUnsafeSlow(sizeBytes);
        return onLocalFile(path, () => readFully(handle, path, firstByte, buffer));
      },
      release(bytes) {
        free.push(bytes);
      },
      file: { handle, path, free: [] },
      async checkUnchanged() {
        const after = await handle.stat();
        if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw changedFile(path);
      },
      close: () => handle.close(),
    };
  });
}

function takeFree(free: Uint8Array[], sizeBytes: number): Uint8Array | undefined {
  const at = free.findIndex(({ byteLength }) => byteLength === sizeBytes);
  return at < 0 ? undefined : free.splice(at, 1)[0];
}

async function readFully(
  handle: FileHandle,
  path: string,
  firstByte: number,
  buffer: Uint8Array,
): Promise<Uint8Array> {
  const sizeBytes = buffer.byteLength;
  let filled = 0;
  while (filled < sizeBytes) {
    const { bytesRead } = await handle.read(buffer, filled, sizeBytes - filled, firstByte + filled);
    if (bytesRead === 0) throw changedFile(path);
    filled += bytesRead;
  }
  return buffer;
}

/** Cuts a stream into buffers of `sizeOf(index)` bytes, the last one shorter; reads no further than it is asked. */
export async function* cutStream(
  stream: Readable,
  sizeOf: (index: number) => number,
): AsyncGenerator<Buffer> {
  let index = 0;
  let partBytes = sizeOf(index);
  let kept: Buffer[] = [];
  let keptBytes = 0;
  for await (const chunk of stream) {
    let rest = toBuffer(chunk);
    while (keptBytes + rest.byteLength >= partBytes) {
      const head = rest.subarray(0, partBytes - keptBytes);
      rest = rest.subarray(head.byteLength);
      yield Buffer.concat([...kept, head], partBytes);
      kept = [];
      keptBytes = 0;
      partBytes = sizeOf((index += 1));
    }
    if (rest.byteLength > 0) kept.push(rest);
    keptBytes += rest.byteLength;
  }
  if (keptBytes > 0) yield Buffer.concat(kept, keptBytes);
}

function toBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (typeof chunk === 'string') return Buffer.from(chunk, 'utf8');
  throw new Failure('invalid-argument', 'The stream to upload gives neither bytes nor text');
}
