import fc from 'fast-check';
import {
  connectionsOf,
  cutDownload,
  cutParts,
  firstRangeBytes,
  S3_LIMITS,
  streamPartBytes,
  uploadConnectionsOf,
  uploadPartBytes,
  type Part,
} from './plan.js';

const MIB = 2 ** 20;
const TIB = 2 ** 40;

/** Each part begins where the one before it ends. */
function expectGapless(parts: readonly Part[], sizeBytes: number): void {
  let next = 0;
  for (const { index, firstByte, lastByte, sizeBytes: partBytes } of parts) {
    const isRight = firstByte === next && lastByte - firstByte + 1 === partBytes;
    if (!isRight) throw new Error(`part ${index} is out of place`);
    next = lastByte + 1;
  }
  expect(next).toBe(sizeBytes);
}

describe('the plan of an upload', () => {
  const chosen = { level: 'standard', connections: 8 } as const;
  const fixed = { ...chosen, chunkSize: 16 * MIB };

  test('a chunk size of the user is the part size, however few parts that makes', () => {
    expect(uploadPartBytes(32 * MIB, fixed)).toBe(16 * MIB);
    expect(uploadPartBytes(MIB, fixed)).toBe(16 * MIB);
    expect(uploadPartBytes(32 * MIB, { ...fixed, level: 'aggressive' })).toBe(16 * MIB);
    expect(firstRangeBytes(fixed)).toBe(16 * MIB);
    const ranges = cutDownload(40 * MIB, 16 * MIB, fixed).map(({ sizeBytes }) => sizeBytes / MIB);
    expect(ranges).toEqual([16, 16, 8]);
    expect(streamPartBytes(5000, fixed)).toBe(16 * MIB);
  });

  test('but S3 takes no part under 5 MiB and no more than 10,000', () => {
    expect(uploadPartBytes(64 * MIB, { ...fixed, chunkSize: MIB })).toBe(5 * MIB);
    expect(uploadPartBytes(5 * TIB, fixed)).toBe(Math.ceil((5 * TIB) / 10_000));
    expect(() => uploadPartBytes(50 * TIB, fixed)).toThrow(/do not fit/);
  });

  test('where nobody chose, an upload at aggressive goes over twice as many connections, and nothing else does', () => {
    const levels = ['off', 'standard', 'aggressive'] as const;
    expect(levels.map((level) => uploadConnectionsOf({ level }))).toEqual([8, 8, 16]);
    expect(levels.map((level) => connectionsOf({ level }))).toEqual([8, 8, 8]);
    expect(levels.map((level) => uploadConnectionsOf({ level, connections: 3 }))).toEqual([3, 3, 3]);
    expect(uploadPartBytes(64 * MIB, { level: 'standard' })).toBe(8 * MIB);
    expect(uploadPartBytes(64 * MIB, { level: 'aggressive' })).toBe(5 * MIB);
    expect(uploadPartBytes(256 * MIB, { level: 'aggressive' })).toBe(8 * MIB);
  });

  test('over a path that holds much, parts are larger, so that connections seldom wait', () => {
    const over = (mib: number) => ({ ...chosen, bandwidthDelayBytes: mib * MIB });
    const upload = (mib: number) => uploadPartBytes(1024 * MIB, over(mib)) / MIB;
    expect([0, 1, 2, 3, 4, 100].map(upload).map(Math.ceil)).toEqual([16, 16, 16, 22, 32, 32]);
    const largest = (mib: number) =>
      Math.max(...cutDownload(2048 * MIB, 8 * MIB, over(mib)).map(({ sizeBytes }) => sizeBytes / MIB));
    expect(largest(2)).toBeLessThanOrEqual(16);
    expect(largest(4)).toBeGreaterThan(24);
    expect(largest(4)).toBeLessThanOrEqual(32);
    expect(uploadPartBytes(64 * MIB, over(100))).toBe(8 * MIB); // two rounds all the same
    expect(uploadPartBytes(1024 * MIB, { ...over(100), chunkSize: 16 * MIB })).toBe(16 * MIB);
  });

  test('without one, an object is spread over the connections', () => {
    expect(uploadPartBytes(32 * MIB, chosen)).toBe(5 * MIB);
    expect(uploadPartBytes(64 * MIB, chosen)).toBe(8 * MIB);
    expect(uploadPartBytes(1024 * MIB, chosen)).toBe(16 * MIB);
    expect(uploadPartBytes(48 * TIB, chosen)).toBe(Math.ceil((48 * TIB) / 10_000));
  });

  test('in whole rounds: no connection is without a part while others have one', () => {
    for (const sizeMib of [64, 79, 80, 128, 200, 320, 1024, 5000]) {
      const parts = cutParts(sizeMib * MIB, uploadPartBytes(sizeMib * MIB, chosen)).length;
      expect({ sizeMib, left: parts % 8 }).toEqual({ sizeMib, left: 0 });
    }
    expect(uploadPartBytes(128 * MIB, chosen)).toBe(8 * MIB);
  });

  test('up to 8 MiB one request moves it each way', () => {
    for (const sizeBytes of [0, 1, 5 * MIB, 8 * MIB]) {
      expect(cutParts(sizeBytes, uploadPartBytes(sizeBytes, chosen)).length).toBe(1);
      expect(firstRangeBytes(chosen)).toBeGreaterThanOrEqual(sizeBytes);
    }
    expect(cutParts(8 * MIB + 1, uploadPartBytes(8 * MIB + 1, chosen)).length).toBe(2);
    expect(firstRangeBytes({ ...chosen, level: 'aggressive' })).toBe(2 * MIB);
  });

  test('ranges of a download begin small and end small, so that connections do not wait all at one time', () => {
    const sizes = (sizeMib: number, firstMib: number) =>
      cutDownload(sizeMib * MIB, firstMib * MIB, chosen).map(({ sizeBytes }) => sizeBytes / MIB);
    const [first, ...rest] = sizes(64, 2);
    expect([first, rest.length]).toEqual([2, 16]);
    const begin = rest.slice(0, 7);
    const end = rest.slice(-7);
    expect(begin).toEqual([...begin].sort((a, b) => a - b));
    expect([begin[0], begin[6]]).toEqual([3, 5]);
    // Who takes a small one first takes a large one last.
    begin.forEach((sizeMib, index) => {
      expect(sizeMib + (end[index] ?? 0)).toBeCloseTo(8, 5);
    });
    expect(sizes(64, 8)).toHaveLength(15);
    expect(sizes(9, 2)).toEqual([2, 1, 1, 1, 1, 1, 1, 1]);
    expect(sizes(1, 2)).toEqual([1]);
    expect(sizes(0, 2)).toEqual([0]);
    expect(Math.max(...sizes(1024, 8))).toBeLessThanOrEqual(16);
  });

  test('every download covers the object in ranges of sense, whatever its size', () => {
    const wish = fc.record({
      sizeBytes: fc.integer({ min: 0, max: 4 * 2 ** 30 }),
      firstBytes: fc.constantFrom(2 * MIB, 8 * MIB),
      connections: fc.integer({ min: 1, max: 64 }),
    });
    fc.assert(
      fc.property(wish, ({ sizeBytes, firstBytes, connections }) => {
        const parts = cutDownload(sizeBytes, firstBytes, { level: 'standard', connections });
        expectGapless(parts, sizeBytes);
        const [, ...rest] = parts.map((part) => part.sizeBytes);
        const small = rest.filter((size) => size < MIB);
        // Only the last one of even parts may be short.
        expect(small.length).toBeLessThanOrEqual(1);
        expect(Math.max(0, ...rest)).toBeLessThanOrEqual(17 * MIB);
      }),
    );
  });

  test('parts of a stream of unknown length grow, so that ten thousand hold over 12 TiB', () => {
    let heldBytes = 0;
    for (let index = 0; index < 10_000; index += 1) heldBytes += streamPartBytes(index, chosen);
    expect(streamPartBytes(0, chosen)).toBe(16 * MIB);
    expect(heldBytes).toBeGreaterThan(12 * TIB);
    expect(streamPartBytes(9_999, chosen)).toBeLessThanOrEqual(S3_LIMITS.maxPartBytes);
  });

  test('every plan keeps the limits of S3 and covers the object without gap or overlap', () => {
    const settings = fc.record({
      level: fc.constantFrom('standard' as const, 'aggressive' as const),
      chunkSize: fc.option(fc.integer({ min: 0, max: 8 * 2 ** 30 }), { nil: undefined }),
      connections: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 48 * TIB }), settings, (sizeBytes, plan) => {
        const partBytes = uploadPartBytes(sizeBytes, plan);
        expect(partBytes).toBeGreaterThanOrEqual(S3_LIMITS.minPartBytes);
        expect(partBytes).toBeLessThanOrEqual(S3_LIMITS.maxPartBytes);
        const parts = cutParts(sizeBytes, partBytes);
        expect(parts.length).toBeLessThanOrEqual(S3_LIMITS.maxParts);
        expectGapless(parts, sizeBytes);
      }),
    );
  });
});
