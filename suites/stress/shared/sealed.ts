import { fail, sameBytes, seededBytes } from '../../../src/harness/api/index.js';

const HEAD_BYTES = 8;

/** A content that says itself what it has to be: a seed, its length, and the bytes that follow from both. */
export function sealed(seed: number, lengthBytes: number): Buffer {
  const content = Buffer.alloc(lengthBytes);
  content.writeUInt32LE(seed, 0);
  content.writeUInt32LE(lengthBytes, 4);
  seededBytes(seed, lengthBytes - HEAD_BYTES).copy(content, HEAD_BYTES);
  return content;
}

/** Fails where `content` is not one sealed content as a whole: cut, mixed of two, or with a wrong byte. */
export function expectSealed(content: Buffer, what: string): void {
  if (content.length < HEAD_BYTES) fail(`${what} has ${content.length} bytes only`);
  const lengthBytes = content.readUInt32LE(4);
  if (content.length !== lengthBytes)
    fail(`${what}: ${content.length} bytes of a version that has ${lengthBytes}`);
  sameBytes(content, sealed(content.readUInt32LE(0), lengthBytes), what);
}
