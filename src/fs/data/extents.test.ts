import fc from 'fast-check';
import { ExtentMap, LOCAL, ZEROS, type Content } from './extents.js';
import type { Version } from './version.js';

const VERSION = { sizeBytes: 100 } as Version; // the map never looks inside

type Cell = readonly [string, number | undefined];

/** What a map should say, byte by byte. */
class Model {
  cells: Cell[] = [];

  set(start: number, end: number, content: Content): void {
    while (this.cells.length < start) this.cells.push(['zeros', undefined]);
    for (let at = start; at < end; at += 1) {
      this.cells[at] = [content.source, content.copy && content.copy.offset + at - start];
    }
  }

  truncate(sizeBytes: number): void {
    while (this.cells.length < sizeBytes) this.cells.push(['zeros', undefined]);
    this.cells.length = sizeBytes;
  }
}

function cellsOf(map: ExtentMap, start: number, end: number): Cell[] {
  return map
    .slices(start, end)
    .flatMap((extent) =>
      Array.from({ length: extent.end - extent.start }, (_, at): Cell => [
        extent.source,
        extent.copy && extent.copy.offset + at,
      ]),
    );
}

const range = fc.tuple(fc.nat(60), fc.nat(30));
const content: fc.Arbitrary<Content> = fc.oneof(
  fc.constant(LOCAL),
  fc.constant(ZEROS),
  fc.nat(50).map((offset): Content => ({ source: 'away', copy: { version: VERSION, offset } })),
  fc.nat(50).map((offset): Content => ({ source: 'local', copy: { version: VERSION, offset } })),
);
const step = fc.oneof(
  fc.record({ op: fc.constant('set' as const), range, content }),
  fc.record({ op: fc.constant('truncate' as const), size: fc.nat(90) }),
);

describe('An extent map', () => {
  test('says of each byte what the last change said, in extents without gaps that could not be fewer', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), range, (steps, [from, length]) => {
        const map = new ExtentMap();
        const model = new Model();
        for (const one of steps) {
          if (one.op === 'truncate') {
            map.truncate(one.size);
            model.truncate(one.size);
          } else if (one.range[1] > 0) {
            const end = one.range[0] + one.range[1];
            map.set(one.range[0], end, one.content);
            model.set(one.range[0], end, one.content);
          }
        }
        expect(map.sizeBytes).toBe(model.cells.length);
        expect(map.localBytes).toBe(model.cells.filter(([source]) => source === 'local').length);
        expect(cellsOf(map, 0, 1000)).toEqual(model.cells);
        expect(cellsOf(map, from, from + length)).toEqual(model.cells.slice(from, from + length));
        map.all.forEach((extent, index) => {
          expect(extent.start).toBe(map.all[index - 1]?.end ?? 0);
          expect(extent.end).toBeGreaterThan(extent.start);
        });
      }),
      { numRuns: 500 },
    );
  });

  test('keeps one extent for a file that is written in order', () => {
    const map = new ExtentMap();
    for (let at = 0; at < 1000; at += 10) map.set(at, at + 10, LOCAL);
    expect(map.all).toEqual([{ start: 0, end: 1000, ...LOCAL }]);
  });

  test('after a save is one range of the new version, holes and local bytes still told apart', () => {
    const map = new ExtentMap();
    map.set(0, 10, { source: 'away', copy: { version: VERSION, offset: 50 } });
    map.set(10, 20, LOCAL);
    map.truncate(40);
    const saved = { sizeBytes: 40 } as Version; // the map never looks inside
    map.rebase(saved);
    expect(map.all.map(({ start, end, source, copy }) => [start, end, source, copy?.offset])).toEqual([
      [0, 10, 'away', 0],
      [10, 20, 'local', 10],
      [20, 40, 'zeros', 20],
    ]);
  });
});
