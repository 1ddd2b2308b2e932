import { finished, type Readable } from 'node:stream';

/** Pieces that wait for their reader; beyond it the source is paused. */
const QUEUE_BYTES = 256 * 1024;

/**
 * The pieces of a byte stream as they come. A stream's own iterator joins what has piled up since the last piece, which
 * copies every byte of a large body once more. An early return leaves the stream open and paused.
 *
 * @throws what the stream fails with; `ERR_STREAM_PREMATURE_CLOSE` where it is closed before its end.
 */
export async function* piecesOf(source: Readable): AsyncGenerator<Buffer, void, undefined> {
  const queue: Buffer[] = [];
  let queuedBytes = 0;
  let end: { readonly error?: Error } | undefined;
  let wake: () => void = () => undefined;
  const onData = (piece: Buffer): void => {
    queue.push(piece);
    queuedBytes += piece.length;
    if (queuedBytes >= QUEUE_BYTES) source.pause();
    wake();
  };
  const forget = finished(source, { writable: false }, (error) => {
    end = error ? { error } : {};
    wake();
  });
  source.on('data', onData);
  try {
    for (;;) {
      const piece = queue.shift();
      if (piece !== undefined) {
        queuedBytes -= piece.length;
        if (queuedBytes < QUEUE_BYTES && source.isPaused()) source.resume();
        yield piece;
      } else if (end !== undefined) {
        if (end.error !== undefined) throw end.error;
        return;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    forget();
    source.off('data', onData).pause();
  }
}
