import type { Readable } from 'node:stream';

/**
 * The bytes of a body, each time as an ArrayBuffer that nobody else sees, so that it can be handed to another thread. What
 * the connection has read into one buffer comes as one; what does not fill its buffer is copied.
 */
export async function* ownedPieces(body: Readable): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let held: Buffer | undefined;
  for await (const chunk of body) {
    const bytes = chunk as Buffer; // the lean client's bodies give buffers
    if (held === undefined) held = bytes;
    else if (isNext(held, bytes)) {
      held = Buffer.from(held.buffer, held.byteOffset, held.length + bytes.length);
    } else {
      yield owned(held);
      held = bytes;
    }
    if (held.byteOffset + held.length < held.buffer.byteLength) continue;
    yield owned(held);
    held = undefined;
  }
  if (held !== undefined) yield owned(held);
}

function isNext(held: Buffer, bytes: Buffer): boolean {
  return held.buffer === bytes.buffer && held.byteOffset + held.length === bytes.byteOffset;
}

function owned(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isWhole = bytes.length === buffer.byteLength && buffer instanceof ArrayBuffer;
  return isWhole ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
