import type { Readable } from 'node:stream';
import { Failure } from '../errors/failure.js';
import type { Checksum } from '../s3/checksums/hasher.js';
import { gather } from './gather.js';
import type { WholeDigest } from './integrity/whole-digest.js';
import { onLocalFile, readThrough, stageFile } from './local-files.js';
import { OrderedStreamSink } from './stream-sink.js';
import type { Part } from './plan.js';
import type { TransferSink } from './transporter.js';

/** Where the parts of a download go. */
export interface PartSink {
  /** Resolves when the part may be asked for without breaking the bound on memory. */
  ready(part: Part, signal: AbortSignal): Promise<void>;
  /**
   * Takes one part's body whole; may be called again for the same part after a failure.
   *
   * @param digest - is given the bytes.
   */
  receive(part: Part, body: Readable, onBytes: (bytes: number) => void, digest?: Checksum): Promise<void>;
  /** Takes the bytes as they leave; absent where they can be read again, or nothing is to be summed up. */
  readonly leaving?: WholeDigest | undefined;
  /** Value of a checksum over all bytes in order; `undefined` where they can not be had again. */
  digestWhole(digest: WholeDigest): Promise<string | undefined>;
  /** Gives the digest what an earlier run has left of a part; `false` where it is not there. */
  digestPart(part: Part, digest: Checksum): Promise<boolean>;
  /** Takes `sizeBytes` from one body in order, without the parts before or after; for one plain request. */
  append(
    firstByte: number,
    sizeBytes: number,
    body: Readable,
    onBytes: (bytes: number) => void,
  ): Promise<void>;
  /** Everything is there and right: file under its name, stream ended. */
  commit(): Promise<void>;
  /** Leaves nothing behind; a stream is destroyed. Nothing after a commit. */
  discard(reason: Failure): Promise<void>;
  /** Bytes that have left for good and can not be taken back; the rest may be asked for again. */
  deliveredBytes(): number;
  /** Waits until {@link PartSink.deliveredBytes} stands. */
  settle(): Promise<void>;
}

export interface SinkOptions {
  /** Parts that a stream sink may hold at one time. */
  readonly windowParts: number;
  /** The unfinished file of a journal: it is found again, and kept after a failure. */
  readonly temporary?: string | undefined;
  /** What a stream's bytes are to be summed up by as they leave. */
  readonly whole?: WholeDigest | undefined;
}

export async function openSink(
  sink: TransferSink,
  { windowParts, temporary, whole }: SinkOptions,
): Promise<PartSink> {
  return sink.kind === 'file'
    ? openFileSink(sink.path, temporary)
    : new OrderedStreamSink(sink.stream, windowParts, whole);
}

async function openFileSink(path: string, temporary: string | undefined): Promise<PartSink> {
  const staged = await stageFile(path, temporary);
  const { handle } = staged;
  const write = (
    firstByte: number,
    sizeBytes: number,
    body: Readable,
    onBytes: (bytes: number) => void,
    digest?: Checksum,
  ): Promise<void> =>
    onLocalFile(path, async () => {
      let position = firstByte;
      for await (const batch of gather(body, sizeBytes, digest)) {
        const { bytesWritten } = await handle.writev(batch.chunks, position);
        if (bytesWritten !== batch.sizeBytes)
          throw new Failure('no-space', `Local file ${path} is cut short`);
        position += bytesWritten;
        onBytes(bytesWritten);
      }
    });
  return {
    ready: () => Promise.resolve(),
    receive: (part, body, onBytes, digest) => write(part.firstByte, part.sizeBytes, body, onBytes, digest),
    append: write,
    async digestWhole(digest) {
      const { size } = await onLocalFile(path, () => handle.stat());
      await readThrough(handle, path, { firstByte: 0, sizeBytes: size }, digest);
      return digest.value();
    },
    digestPart: (part, digest) => readThrough(handle, path, part, digest),
    commit: () => staged.commit(),
    discard: () => staged.discard(),
    deliveredBytes: () => 0,
    settle: () => Promise.resolve(),
  };
}
