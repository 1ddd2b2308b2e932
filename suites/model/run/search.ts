import fc from 'fast-check';
import type { Program } from '../../../src/harness/api/index.js';
import type { Mismatch } from './program-run.js';
import type { Profile } from './profiles.js';
import { Programs } from './programs.js';

export interface SearchWish {
  readonly profile: Profile;
  readonly seed: number;
  /** Programs, and steps of each. */
  readonly programs: number;
  readonly length: number;
  /** The program that failed is not made smaller after this long. */
  readonly shrinkLimitMs: number;
}

/** The smallest program that was seen to fail. */
export interface Found {
  readonly program: Program;
  readonly mismatch: Mismatch;
  /** Steps of the program that failed first. */
  readonly fromSteps: number;
  /** Programs that were tried after it. */
  readonly tries: number;
}

/**
 * Runs random programs until one fails, and makes that one smaller, all by fast-check. Each result has failed when it was
 * tried last, so a failure that does not come each time leaves more than it needs.
 *
 * @returns `undefined` where all have passed.
 * @throws what `run` throws: then nothing is known.
 */
export async function searchFailure(
  { profile, seed, programs, length, shrinkLimitMs }: SearchWish,
  run: (program: Program) => Promise<Mismatch | undefined>,
): Promise<Found | undefined> {
  const mismatches = new WeakMap<Program, Mismatch>();
  const state: { found?: Found; broken?: { readonly reason: unknown }; deadlineMs: number } = {
    deadlineMs: Infinity,
  };
  const isOver = (): boolean => state.broken !== undefined || performance.now() > state.deadlineMs;
  const attempt = async (program: Program): Promise<void> => {
    if (isOver()) return;
    const before = state.found;
    const tries = before === undefined ? 0 : before.tries + 1;
    if (before !== undefined) state.found = { ...before, tries };
    const mismatch = await run(program).catch((reason: unknown) => {
      state.broken = { reason };
    });
    if (mismatch === undefined) return;
    if (before === undefined) state.deadlineMs = performance.now() + shrinkLimitMs;
    const fromSteps = before?.fromSteps ?? program.length;
    state.found = { program: program.slice(0, mismatch.at + 1), mismatch, fromSteps, tries };
    mismatches.set(program, mismatch);
    throw new Error(mismatch.message);
  };
  const arbitrary = new Programs(profile, length, (program) => mismatches.get(program)?.at);
  await fc.check(fc.asyncProperty(arbitrary, attempt), { seed, numRuns: programs });
  if (state.broken !== undefined) throw state.broken.reason;
  return state.found;
}
