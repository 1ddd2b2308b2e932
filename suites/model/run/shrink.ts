import type { Program, Step } from '../../../src/harness/api/index.js';
import type { Mismatch } from './program-run.js';

export interface Shrunk {
  readonly program: Program;
  readonly mismatch: Mismatch;
  /** Programs that were tried. */
  readonly tries: number;
}

/**
 * A smaller program that fails as well: steps are left out, halves first (delta debugging), then numbers made small.
 * Each result has failed when it was tried last, so a failure that does not come each time leaves more than it needs.
 *
 * @param isOver - Asked before each try: time is up.
 */
export async function shrink(
  program: Program,
  mismatch: Mismatch,
  fails: (program: Program) => Promise<Mismatch | undefined>,
  isOver: () => boolean,
): Promise<Shrunk> {
  let best: Shrunk = { program: program.slice(0, mismatch.at + 1), mismatch, tries: 0 };
  let tries = 0;
  const attempt = async (candidate: Program): Promise<boolean> => {
    if (candidate.length === 0 || isOver()) return false;
    tries += 1;
    const found = await fails(candidate);
    if (found !== undefined) best = { program: candidate.slice(0, found.at + 1), mismatch: found, tries };
    return found !== undefined;
  };
  await leaveOut(() => best.program, attempt);
  await makeSmall(() => best.program, attempt);
  await leaveOut(() => best.program, attempt);
  return { ...best, tries };
}

type Attempt = (candidate: Program) => Promise<boolean>;

/** Pieces from half of the program down to single steps, from the end: what is late rests on what is early. */
async function leaveOut(current: () => Program, attempt: Attempt): Promise<void> {
  for (let size = Math.ceil(current().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let end = current().length; end > 0; end -= size) {
      const program = current();
      const stop = Math.min(end, program.length);
      await attempt([...program.slice(0, Math.max(0, stop - size)), ...program.slice(stop)]);
    }
  }
}

async function makeSmall(current: () => Program, attempt: Attempt): Promise<void> {
  for (let index = 0; index < current().length; index += 1) {
    for (const key of NUMBERS) {
      for (let isSmaller = true; isSmaller;) {
        const step = current()[index];
        if (step === undefined) return;
        isSmaller = await trySmaller(current(), index, step, key, attempt);
      }
    }
  }
}

const NUMBERS = ['by', 'from', 'at', 'length', 'size', 'toAt'] as const;

async function trySmaller(
  program: Program,
  index: number,
  step: Step,
  key: (typeof NUMBERS)[number],
  attempt: Attempt,
): Promise<boolean> {
  const value: unknown = Object.entries(step).find(([name]) => name === key)?.[1];
  if (typeof value !== 'number' || value <= 0) return false;
  const candidates = key === 'by' || key === 'from' ? [0] : [0, Math.floor(value / 2), roundDown(value)];
  for (const smaller of new Set(candidates)) {
    if (smaller >= value) continue;
    // The same step with one of its numbers replaced by a smaller one.
    const changed = { ...step, [key]: smaller };
    if (await attempt(program.with(index, changed))) return smaller > 0;
  }
  return false;
}

/** The next lower power of two: a number that people recognise. */
function roundDown(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}
