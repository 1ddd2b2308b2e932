import { shuffled, type Random } from '../random/random.js';

/**
 * Orders of the arms for `blocks` blocks, balanced and shuffled. All orders are split into Latin squares in which
 * each arm stands once at each place and, for an even count of arms, follows each other arm once (Williams 1949).
 * Whole squares are used up one after another, so the balance holds after every `arms.length` blocks, and every order
 * has been used equally often after all of them: 6 blocks for three arms, 24 for four.
 */
export function balancedOrders<T>(arms: readonly T[], blocks: number, random: Random): T[][] {
  const squares = latinSquares(arms.length);
  const orders: T[][] = [];
  while (orders.length < blocks) {
    for (const square of shuffled(squares, random)) {
      for (const row of shuffled(square, random)) orders.push(row.map((index) => itemAt(arms, index)));
    }
  }
  return orders.slice(0, blocks);
}

/** The cells of one round: each round starts one cell later, so that drift inside a round hits all of them. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  if (items.length === 0) return [];
  const start = round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Cosets of the cyclic group: each permutation that keeps 0 in place gives one square, and no two share a row. */
function latinSquares(count: number): number[][][] {
  const first = williamsRow(count);
  const shifts = [...first.keys()];
  return permutations(shifts.slice(1)).map((rest) => {
    const relabel = [0, ...rest];
    return shifts.map((shift) => first.map((step) => itemAt(relabel, (step + shift) % count)));
  });
}

/** 0, 1, n-1, 2, n-2 ...: for even n all neighbours differ by another step. */
function williamsRow(count: number): number[] {
  return Array.from({ length: count }, (_, place) =>
    place % 2 === 1 ? (place + 1) / 2 : (count - place / 2) % count,
  );
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

function itemAt<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`No item ${index} of ${items.length}`);
  return item;
}
