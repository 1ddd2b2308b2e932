import fc from 'fast-check';
import { balancedOrders, rotated } from './orders.js';
import { createRandom } from '../random/random.js';

const ARMS = ['a', 'b', 'c', 'd'];

describe('orders', () => {
  test('24 blocks use each of the 24 orders of four arms once, 6 blocks each of the 6 of three', () => {
    const four = balancedOrders(ARMS, 24, createRandom(1)).map((order) => order.join(''));
    expect(new Set(four).size).toBe(24);
    const three = balancedOrders(['a', 'b', 'c'], 6, createRandom(1)).map((order) => order.join(''));
    expect(new Set(three).size).toBe(6);
  });

  test('after each four blocks every arm stood once at each place and once behind each other arm', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const orders = balancedOrders(ARMS, 12, createRandom(seed));
        for (let start = 0; start < 12; start += 4) {
          const square = orders.slice(start, start + 4);
          for (const place of ARMS.keys()) expect(new Set(square.map((row) => row[place])).size).toBe(4);
          const followed = square.flatMap((row) =>
            row.slice(1).map((arm, index) => `${String(row[index])}${arm}`),
          );
          expect(new Set(followed).size).toBe(12);
        }
      }),
      { seed: 3, numRuns: 30 },
    );
  });

  test('the seed decides the order, and any count of blocks can be asked for', () => {
    expect(balancedOrders(ARMS, 30, createRandom(9))).toEqual(balancedOrders(ARMS, 30, createRandom(9)));
    expect(balancedOrders(ARMS, 30, createRandom(9))).not.toEqual(balancedOrders(ARMS, 30, createRandom(8)));
    expect(balancedOrders(ARMS, 30, createRandom(9))).toHaveLength(30);
    expect(balancedOrders(ARMS, 0, createRandom(9))).toEqual([]);
  });

  test('each round starts one cell later', () => {
    expect(rotated([1, 2, 3], 0)).toEqual([1, 2, 3]);
    expect(rotated([1, 2, 3], 4)).toEqual([2, 3, 1]);
    expect(rotated([], 4)).toEqual([]);
  });
});
