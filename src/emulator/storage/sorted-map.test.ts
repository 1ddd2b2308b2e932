import fc from 'fast-check';
import { SortedMap } from './sorted-map.js';

describe('SortedMap', () => {
  test('behaves as a sorted Map under any sequence of changes', () => {
    const step = fc.record({
      remove: fc.boolean(),
      key: fc.integer({ min: 0, max: 4000 }).map((number) => String(number).padStart(4, '0')),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 4000, size: 'max' }),
        fc.string(),
        (steps, from) => {
          const map = new SortedMap<string>();
          const model = new Map<string, string>();
          for (const { remove, key } of steps) {
            if (remove) expect(map.delete(key)).toBe(model.delete(key));
            else {
              map.set(key, `value of ${key}`);
              model.set(key, `value of ${key}`);
            }
          }
          const wanted = [...model.keys()].filter((key) => key >= from).sort();
          expect([...map.valuesFrom(from)]).toEqual(wanted.map((key) => model.get(key)));
          expect(map.size).toBe(model.size);
          for (const key of wanted) expect(map.get(key)).toBe(model.get(key));
        },
      ),
      { numRuns: 8 },
    );
  });
});
