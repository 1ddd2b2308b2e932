import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { crc32Base64 } from '../../s3/payload.js';
import { WholeSum } from './whole-sum.js';

const BYTES = Buffer.from(Array.from({ length: 97 }, (_none, index) => (index * 31) % 256));

function runOf(firstByte: number, sizeBytes: number, bytes: Buffer = BYTES) {
  const piece = bytes.subarray(firstByte, firstByte + sizeBytes);
  return { firstByte, sizeBytes: piece.length, crc: crc32(piece) };
}

describe('the sum of an object that comes in ranges', () => {
  test('is complete when every byte came, in any order and however often, and is then that of the whole', () => {
    const range = fc.tuple(fc.nat(BYTES.length - 1), fc.integer({ min: 1, max: BYTES.length }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
        const sum = new WholeSum(BYTES.length);
        for (const [first, length] of ranges) sum.add(runOf(first, length));
        // Whatever was known before: what comes last over all covers all.
        for (let first = 0; first < BYTES.length; first += 10) sum.add(runOf(first, 10));
        expect(sum.isComplete).toBe(true);
        expect(sum.crc32()).toBe(crc32Base64(BYTES));
      }),
    );
  });

  test('is never complete with a byte that did not come', () => {
    const pieces = fc.shuffledSubarray(
      Array.from({ length: 9 }, (_none, index) => index),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(pieces, (numbers) => {
        const sum = new WholeSum(90);
        for (const number of [...numbers, ...numbers]) sum.add(runOf(number * 10, 10));
        expect(sum.isComplete).toBe(false);
      }),
    );
  });

  test('joins what comes one after another, so that thousands of blocks cost little', () => {
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_none, index) => (index * 7) % 251));
    const sum = new WholeSum(bytes.length);
    for (let first = 1; first < bytes.length; first += 1) sum.add(runOf(first, 1, bytes));
    expect(sum.isComplete).toBe(false);
    sum.add(runOf(0, 1, bytes));
    expect([sum.isComplete, sum.crc32()]).toEqual([true, crc32Base64(bytes)]);
    // A byte of joined ones that comes again takes the others with it.
    sum.add(runOf(3, 1, bytes));
    expect(sum.isComplete).toBe(false);
  });

  test('tells of one bit', () => {
    const other = Buffer.from(BYTES);
    other.writeUInt8((BYTES[50] ?? 0) ^ 4, 50);
    const sum = new WholeSum(BYTES.length);
    sum.add(runOf(0, 40));
    sum.add(runOf(40, BYTES.length, other));
    expect(sum.crc32()).not.toBe(crc32Base64(BYTES));
    sum.add(runOf(40, BYTES.length));
    expect(sum.crc32()).toBe(crc32Base64(BYTES));
  });
});
