import type { Readable } from 'node:stream';
import { Failure } from '../errors/failure.js';
import { gather } from './gather.js';
import { onLocalFile, stageFile } from './local-files.js';
import { OrderedStreamSink } from './stream-sink.js';
import type { Part } from './plan.js';
import type { TransferSink } from './transporter.js';

/** Where the parts of a download go. */
export interface PartSink {
  /** Resolves when the part may be asked for without breaking the bound on memory. */
  ready(part: Part, signal: AbortSignal): Promise<void>;
  /** Takes one part's body whole; may be called again for the same part after a failure. */
  receive(part: Part, body: Readable, onBytes: (bytes: number) => void): Promise<void>;
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

/** @param windowParts - parts that a stream sink may hold at one time. */
export async function openSink(sink: TransferSink, windowParts: number): Promise<PartSink> {
  return sink.kind === 'file' ? openFileSink(sink.path) : new OrderedStreamSink(sink.stream, windowParts);
}

async function openFileSink(path: string): Promise<PartSink> {
  const staged = await stageFile(path);
  const { handle } = staged;
  const append: PartSink['append'] = (firstByte, sizeBytes, body, onBytes) =>
    onLocalFile(path, async () => {
      let position = firstByte;
      for await (const batch of gather(body, sizeBytes)) {
        const { bytesWritten } = await handle.writev(batch.chunks, position);
        if (bytesWritten !== batch.sizeBytes)
          throw new Failure('no-space', `Local file ${path} is cut short`);
        position += bytesWritten;
        onBytes(bytesWritten);
      }
    });
  return {
    ready: () => Promise.resolve(),
    receive: (part, body, onBytes) => append(part.firstByte, part.sizeBytes, body, onBytes),
    append,
    commit: () => staged.commit(),
    discard: () => staged.discard(),
    deliveredBytes: () => 0,
    settle: () => Promise.resolve(),
  };
}
