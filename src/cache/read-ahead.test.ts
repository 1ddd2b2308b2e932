import { ReadAhead } from './read-ahead.js';

const KIB = 1024;
const MIB = 1024 * KIB;

function sequential(ahead: ReadAhead, from: number, count: number, stepBytes: number): number {
  let planned = 0;
  for (let i = 0; i < count; i += 1) {
    planned += ahead.observe(from + i * stepBytes, stepBytes, 1024 * MIB)?.lengthBytes ?? 0;
  }
  return planned;
}

describe('ReadAhead', () => {
  test('one read plans nothing, the next in sequence does', () => {
    const ahead = new ReadAhead(16 * MIB);
    expect(ahead.observe(0, 128 * KIB, MIB * 64)).toBeUndefined();
    expect(ahead.observe(128 * KIB, 128 * KIB, MIB * 64)).toEqual({
      offset: 256 * KIB,
      lengthBytes: 512 * KIB,
    });
  });

  test('the window grows to its limit and no byte is planned twice', () => {
    const ahead = new ReadAhead(4 * MIB);
    const planned = sequential(ahead, 0, 256, 128 * KIB);
    expect(planned).toBeGreaterThan(31 * MIB);
    expect(planned).toBeLessThanOrEqual(32 * MIB + 4 * MIB);
  });

  test('random reads plan nothing', () => {
    const ahead = new ReadAhead(16 * MIB);
    const offsets = [700, 3, 512, 90, 1000, 44, 333, 820, 15, 600].map((mib) => mib * MIB);
    expect(offsets.every((offset) => ahead.observe(offset, 4096, 2048 * MIB) === undefined)).toBe(true);
  });

  test('two readers at a distance each keep their window', () => {
    const ahead = new ReadAhead(8 * MIB);
    let planned = 0;
    for (let i = 0; i < 64; i += 1) {
      planned += sequential(ahead, i * 128 * KIB, 1, 128 * KIB);
      planned += sequential(ahead, 500 * MIB + i * 128 * KIB, 1, 128 * KIB);
    }
    expect(planned).toBeGreaterThan(15 * MIB);
  });

  test('nothing is planned past the end of the file', () => {
    const ahead = new ReadAhead(8 * MIB);
    ahead.observe(0, 128 * KIB, 300 * KIB);
    expect(ahead.observe(128 * KIB, 128 * KIB, 300 * KIB)).toEqual({
      offset: 256 * KIB,
      lengthBytes: 44 * KIB,
    });
    expect(ahead.observe(256 * KIB, 44 * KIB, 300 * KIB)).toBeUndefined();
  });

  test('a window of 0 switches it off', () => {
    expect(sequential(new ReadAhead(0), 0, 20, 128 * KIB)).toBe(0);
  });
});
