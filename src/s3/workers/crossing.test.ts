import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Failure } from '../../errors/failure.js';
import { sizeBehindBadRange } from '../unsatisfied-range.js';
import { fromData, toData } from './messages.js';
import { ownedPieces } from './pieces.js';

describe('what crosses between threads', () => {
  async function piecesOf(...chunks: Buffer[]): Promise<Uint8Array<ArrayBuffer>[]> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of ownedPieces(Readable.from(chunks))) pieces.push(piece);
    return pieces;
  }

  test('what was read into one buffer is handed over as that buffer', async () => {
    const whole = Buffer.from(randomBytes(1000).buffer.slice(0, 100));
    const pieces = await piecesOf(whole.subarray(0, 30), whole.subarray(30, 31), whole.subarray(31));
    expect(pieces).toHaveLength(1);
    expect(pieces[0]?.buffer).toBe(whole.buffer);
  });

  test('what does not fill its buffer is copied, in order, and its buffer stays', async () => {
    const scratch = Buffer.from(randomBytes(100).buffer.slice(0, 100));
    const chunks = [
      scratch.subarray(10, 20),
      scratch.subarray(30, 40),
      Buffer.from(new ArrayBuffer(50)).fill('w'),
      scratch.subarray(20, 30),
    ];
    const wanted = Buffer.concat(chunks);
    const pieces = await piecesOf(...chunks);
    expect(Buffer.concat(pieces).equals(wanted)).toBe(true);
    for (const { buffer, byteLength } of pieces) expect(buffer.byteLength).toBe(byteLength);
    expect(pieces.some(({ buffer }) => buffer === scratch.buffer)).toBe(false);
  });

  test.each([
    { $response: { statusCode: 416, headers: { 'content-range': 'bytes */77' } } },
    { ActualObjectSize: '77' },
  ])('a refused range still tells the size of the object: %j', (facts) => {
    const cause = Object.assign(new Error('no such range'), facts);
    const failure = new Failure('bad-range', 'refused', { subject: 'key', status: 416, cause });
    const crossed = fromData(structuredClone(toData(failure)));
    expect(crossed).toMatchObject({ kind: 'bad-range', message: 'refused', subject: 'key', status: 416 });
    expect(sizeBehindBadRange(crossed)).toBe(77);
  });
});
