import fc from 'fast-check';
import type { Program, Step } from '../../../src/harness/api/index.js';
import { generate } from './generate.js';
import type { Profile } from './profiles.js';

/** Where shrinking goes on in a program that is smaller already. */
type Place =
  | { readonly phase: 'leave-out'; readonly isLast: boolean; readonly size: number; readonly end: number }
  | { readonly phase: 'make-small'; readonly index: number; readonly key: number };

type Smaller = Generator<fc.Value<Program>, void, undefined>;

const MOST_INT = 2 ** 31 - 1;

/**
 * Programs for fast-check. They are made along a model, so that most steps mean something, which its own commands can not
 * do; and shrunk by leaving out steps, halves first (delta debugging), then by making numbers small. A smaller program
 * goes on where the larger one stood: what could not be left out there is not tried once more.
 */
export class Programs extends fc.Arbitrary<Program> {
  readonly #profile: Profile;
  readonly #length: number;
  readonly #failedAt: (program: Program) => number | undefined;

  /** @param failedAt - Index of the step at which a program that was run has failed: what is behind it is left out. */
  constructor(profile: Profile, length: number, failedAt: (program: Program) => number | undefined) {
    super();
    this.#profile = profile;
    this.#length = length;
    this.#failedAt = failedAt;
  }

  override generate(random: fc.Random): fc.Value<Program> {
    const share = () => random.nextInt(0, MOST_INT) / (MOST_INT + 1);
    const program = generate(this.#profile, share, this.#length);
    return new fc.Value(program, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Program {
    return Array.isArray(value);
  }

  override shrink(program: Program, context: unknown): fc.Stream<fc.Value<Program>> {
    return new fc.Stream(this.#smaller(program, isPlace(context) ? context : undefined));
  }

  *#smaller(program: Program, place: Place | undefined): Smaller {
    const at = this.#failedAt(program);
    if (at !== undefined && at + 1 < program.length) yield new fc.Value(program.slice(0, at + 1), place);
    yield* smaller(program, place ?? half(program, false));
  }
}

function half({ length }: Program, isLast: boolean): Place {
  return { phase: 'leave-out', isLast, size: Math.ceil(length / 2), end: length };
}

function isPlace(context: unknown): context is Place {
  return typeof context === 'object' && context !== null && 'phase' in context;
}

function* smaller(program: Program, place: Place): Smaller {
  if (place.phase === 'leave-out') {
    yield* leaveOut(program, place);
    if (place.isLast) return;
  }
  yield* makeSmall(program, place.phase === 'make-small' ? place : { index: 0, key: 0 });
  yield* smaller(program, half(program, true));
}

/** Pieces down to single steps, from the end: what is late rests on what is early. */
function* leaveOut(program: Program, place: Extract<Place, { readonly phase: 'leave-out' }>): Smaller {
  let { size, end } = place;
  while (size >= 1) {
    for (; end > 0; end -= size) {
      const stop = Math.min(end, program.length);
      const start = Math.max(0, stop - size);
      const left = [...program.slice(0, start), ...program.slice(stop)];
      if (left.length > 0) yield new fc.Value(left, { ...place, size, end: start } satisfies Place);
    }
    size = size === 1 ? 0 : Math.ceil(size / 2);
    end = program.length;
  }
}

const NUMBERS = ['by', 'from', 'at', 'length', 'size', 'toAt'] as const;

function* makeSmall(program: Program, from: { readonly index: number; readonly key: number }): Smaller {
  for (let { index } = from; index < program.length; index += 1) {
    const first = index === from.index ? from.key : 0;
    for (let key = first; key < NUMBERS.length; key += 1) yield* withSmaller(program, index, key);
  }
}

function* withSmaller(program: Program, index: number, key: number): Smaller {
  const step = program[index];
  const name = NUMBERS[key];
  if (step === undefined || name === undefined) return;
  const value: unknown = Object.entries(step).find(([field]) => field === name)?.[1];
  if (typeof value !== 'number' || value <= 0) return;
  const candidates = name === 'by' || name === 'from' ? [0] : [0, Math.floor(value / 2), roundDown(value)];
  for (const number of new Set(candidates)) {
    if (number >= value) continue;
    // The same step with one of its numbers replaced by a smaller one.
    const changed: Step = { ...step, [name]: number };
    const place: Place = { phase: 'make-small', index, key: number > 0 ? key : key + 1 };
    yield new fc.Value(program.with(index, changed), place);
  }
}

/** The next lower power of two: a number that people recognise. */
function roundDown(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}
