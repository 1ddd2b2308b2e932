import fc from 'fast-check';
import { createRandom, deriveSeed, shuffled } from './random.js';

describe('random', () => {
  test('the generator is the published xoshiro128**: uniform, and fixed by its seed', () => {
    const random = createRandom(42);
    const again = createRandom(42);
    const values = Array.from({ length: 20_000 }, () => random());
    expect(values).toEqual(Array.from({ length: 20_000 }, () => again()));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(createRandom(43)()).not.toBe(createRandom(42)());
    expect(createRandom(2 ** 40)()).not.toBe(createRandom(2 ** 41)());
  });

  test('a shuffle keeps every item, and derived seeds differ by name', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        expect(shuffled(items, createRandom(seed)).sort()).toEqual([...items].sort());
      }),
      { seed: 1 },
    );
    expect(deriveSeed(1, 'a')).not.toBe(deriveSeed(1, 'b'));
  });
});
