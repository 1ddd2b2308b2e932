import { shuffled, type Random } from '../random/random.js';

/**
 * Orders of the arms for `blocks` blocks, balanced and shuffled. All orders are split into Latin squares in which
 * each arm stands once at each place and, for an even count of arms, follows each other arm once (Williams 1949).
 * Whole squares are used up one after another, so the balance holds after every `arms.length` blocks, and every order
 * has been used equally often after all of them: 6 blocks for three arms, 24 for four. More than six arms get squares
 * that are drawn one by one.
 */
export function balancedOrders<T>(arms: readonly T[], blocks: number, random: Random): T[][] {
  const squares = arms.length <= MOST_ENUMERATED ? latinSquares(arms.length) : undefined;
  const orders: T[][] = [];
  while (orders.length < blocks) {
    for (const square of shuffled(squares ?? [randomSquare(arms.length, random)], random)) {
      for (const row of shuffled(square, random)) orders.push(row.map((index) => itemAt(arms, index)));
    }
  }
  return orders.slice(0, blocks);
}

/** Seven arms have 720 squares, ten have 362,880: beyond this each square is drawn by itself. */
const MOST_ENUMERATED = 6;

/** The cells of one round: each round starts one cell later, so that drift inside a round hits all of them. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  if (items.length === 0) return [];
  const start = round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Cosets of the cyclic group: each permutation that keeps 0 in place gives one square, and no two share a row. */
function latinSquares(count: number): number[][][] {
  return permutations(range(count).slice(1)).map((rest) => squareOf([0, ...rest]));
}

function randomSquare(count: number, random: Random): number[][] {
  return squareOf([0, ...shuffled(range(count).slice(1), random)]);
}

function squareOf(relabel: readonly number[]): number[][] {
  const first = williamsRow(relabel.length);
  return relabel.map((_, shift) => first.map((step) => itemAt(relabel, (step + shift) % relabel.length)));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
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
