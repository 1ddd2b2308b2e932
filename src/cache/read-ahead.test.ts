import { ReadAhead, ReadAheadBudget } from './read-ahead.js';

const KIB = 1024;
const MIB = 1024 * KIB;

function sequential(ahead: ReadAhead, from: number, count: number, stepBytes: number): number {
  let planned = 0;
  for (let i = 0; i < count; i += 1) {
    const ranges = ahead.observe(from + i * stepBytes, stepBytes, 1024 * MIB);
    planned += ranges.reduce((sum, range) => sum + range.lengthBytes, 0);
  }
  return planned;
}

let budget: ReadAheadBudget;

beforeEach(() => {
  budget = new ReadAheadBudget(1024 * MIB);
});

describe('ReadAhead', () => {
  test('one read plans nothing, the next in sequence does', () => {
    const ahead = new ReadAhead(16 * MIB, budget);
    expect(ahead.observe(0, 128 * KIB, MIB * 64)).toEqual([]);
    expect(ahead.observe(128 * KIB, 128 * KIB, MIB * 64)).toEqual([
      { offset: 256 * KIB, lengthBytes: 512 * KIB },
    ]);
  });

  test('the window grows to its limit and no byte is planned twice', () => {
    const ahead = new ReadAhead(4 * MIB, budget);
    const planned = sequential(ahead, 0, 256, 128 * KIB);
    expect(planned).toBeGreaterThan(31 * MIB);
    expect(planned).toBeLessThanOrEqual(32 * MIB + 4 * MIB);
  });

  test('random reads of a file that may be kept bring the parts around them, each once', () => {
    const ahead = new ReadAhead(16 * MIB, budget);
    const parts = new Set<number>();
    for (let read = 0; read < 200; read += 1) {
      const offset = ((read * read * 7919 + read * 104_729) % 15_872) * 4 * KIB;
      const ranges = ahead.observe(offset, 4 * KIB, 62 * MIB);
      if (ranges.length === 0) continue;
      expect(read).toBeGreaterThanOrEqual(4);
      const start = Math.floor(offset / (4 * MIB)) * 4 * MIB;
      const end = Math.min(start + 4 * MIB, 62 * MIB);
      const before = { offset: start, lengthBytes: offset - start };
      expect(ranges).toEqual([{ offset, lengthBytes: end - offset }, ...(offset === start ? [] : [before])]);
      expect(parts.has(start)).toBe(false);
      parts.add(start);
    }
    expect(parts.size).toBe(16);
    ahead.close();
    expect(budget.plannedBytes).toBe(62 * MIB - 16 * 4 * KIB);
    expect(budget.usedBytes).toBe(180 * 4 * KIB);
    expect(budget.usedBytes + budget.wastedBytes).toBe(budget.plannedBytes);
  });

  test('random reads bring nothing while they are few for the size of the file, or if it is too large', () => {
    const planned = (fileMib: number, reads: number): number => {
      const ahead = new ReadAhead(16 * MIB, new ReadAheadBudget(256 * MIB));
      const offsets = Array.from({ length: reads }, (_, read) => ((read * 37 + 5) ** 2 % fileMib) * MIB);
      return offsets.flatMap((offset) => ahead.observe(offset, 4096, fileMib * MIB)).length;
    };
    expect(planned(512, 32)).toBe(0);
    expect(planned(512, 64)).toBeGreaterThan(8);
    expect(planned(513, 200)).toBe(0);
  });

  test('random reads plan nothing', () => {
    const ahead = new ReadAhead(16 * MIB, budget);
    const offsets = [700, 3, 512, 90, 1000, 44, 333, 820, 15, 600].map((mib) => mib * MIB);
    expect(offsets.every((offset) => ahead.observe(offset, 4096, 2048 * MIB).length === 0)).toBe(true);
  });

  test('two readers at a distance each keep their window', () => {
    const ahead = new ReadAhead(8 * MIB, budget);
    let planned = 0;
    for (let i = 0; i < 64; i += 1) {
      planned += sequential(ahead, i * 128 * KIB, 1, 128 * KIB);
      planned += sequential(ahead, 500 * MIB + i * 128 * KIB, 1, 128 * KIB);
    }
    expect(planned).toBeGreaterThan(15 * MIB);
  });

  test('nothing is planned past the end of the file', () => {
    const ahead = new ReadAhead(8 * MIB, budget);
    ahead.observe(0, 128 * KIB, 300 * KIB);
    expect(ahead.observe(128 * KIB, 128 * KIB, 300 * KIB)).toEqual([
      { offset: 256 * KIB, lengthBytes: 44 * KIB },
    ]);
    expect(ahead.observe(256 * KIB, 44 * KIB, 300 * KIB)).toEqual([]);
  });

  test('a backward reader is followed, and no byte is planned twice or before the start', () => {
    const ahead = new ReadAhead(4 * MIB, budget);
    const planned = new Set<number>();
    let bytes = 0;
    for (let offset = 32 * MIB - 128 * KIB; offset >= 0; offset -= 128 * KIB) {
      for (const range of ahead.observe(offset, 128 * KIB, 32 * MIB)) {
        expect(range.offset + range.lengthBytes).toBeLessThanOrEqual(offset);
        expect(planned.has(range.offset)).toBe(false);
        planned.add(range.offset);
        bytes += range.lengthBytes;
      }
    }
    expect(bytes).toBe(32 * MIB - 2 * 128 * KIB);
    ahead.close();
    expect(budget).toMatchObject({ plannedBytes: bytes, usedBytes: bytes, wastedBytes: 0, windows: 0 });
  });

  test('a reader that skips by equal steps gets its next reads and nothing between', () => {
    const ahead = new ReadAhead(4 * MIB, budget);
    const wanted = new Set<number>();
    for (let step = 0; step < 20; step += 1) {
      for (const range of ahead.observe(step * 3 * MIB, 64 * KIB, 512 * MIB)) {
        expect(range.lengthBytes).toBe(64 * KIB);
        expect(range.offset % (3 * MIB)).toBe(0);
        expect(wanted.has(range.offset)).toBe(false);
        wanted.add(range.offset);
      }
    }
    expect(wanted.size).toBe(20);
  });

  test('what a reader leaves unread is counted, and the next one begins smaller', () => {
    const ahead = new ReadAhead(16 * MIB, budget);
    sequential(ahead, 0, 2, 128 * KIB);
    for (let other = 1; other <= 8; other += 1) ahead.observe(other * 100 * MIB, 4096, 1024 * MIB);
    expect(budget).toMatchObject({ plannedBytes: 512 * KIB, usedBytes: 0, wastedBytes: 512 * KIB });
    ahead.observe(950 * MIB, 128 * KIB, 1024 * MIB);
    expect(ahead.observe(950 * MIB + 128 * KIB, 128 * KIB, 1024 * MIB)).toMatchObject([
      { lengthBytes: 256 * KIB },
    ]);
  });

  test('many readers share the room', () => {
    budget = new ReadAheadBudget(16 * MIB);
    const readers = Array.from({ length: 64 }, () => new ReadAhead(16 * MIB, budget));
    for (let step = 0; step < 64; step += 1) {
      for (const reader of readers) {
        const ranges = reader.observe(step * 128 * KIB, 128 * KIB, 1024 * MIB);
        const ends = ranges.map((range) => range.offset + range.lengthBytes);
        if (step > 1) expect(Math.max(0, ...ends) - (step + 1) * 128 * KIB).toBeLessThanOrEqual(256 * KIB);
      }
    }
    for (const reader of readers) reader.close();
    expect(budget.windows).toBe(0);
  });

  test('a window of 0 switches it off', () => {
    expect(sequential(new ReadAhead(0, budget), 0, 20, 128 * KIB)).toBe(0);
  });
});
