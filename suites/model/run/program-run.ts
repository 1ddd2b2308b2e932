import type { Program, Step } from '../../../src/harness/api/index.js';
import { Model } from '../model/model.js';
import type { Expected, Reply, Value } from '../model/replies.js';
import type { Callers } from './actors.js';
import { inspection, settleCrash } from './inspection.js';

/** What a program runs on. */
export interface Ground {
  readonly actors: Callers;
  /** A fresh directory on the target. */
  makeRoot(): Promise<string>;
  removeRoot(root: string): Promise<void>;
  /** Absent where the runner can not start the target again. */
  readonly restart?: { remount(): Promise<void>; crash(): Promise<void> };
  readonly signal: AbortSignal;
}

/** How a program failed. */
export interface Mismatch {
  /** Index of the step after which it was seen; the length of the program for the comparison at the end. */
  readonly at: number;
  readonly message: string;
}

/**
 * Runs a program and compares each reply with the model, and the whole tree after each start of the target and at the
 * end.
 *
 * @throws the signal's reason when it fires; Error where the harness itself is at fault.
 */
export async function runProgram(ground: Ground, program: Program): Promise<Mismatch | undefined> {
  const root = await ground.makeRoot();
  await ground.actors.begin(root);
  const run = new ProgramRun(ground);
  try {
    for (const [at, step] of program.entries()) {
      ground.signal.throwIfAborted();
      const message = await run.step(step);
      if (message !== undefined) return { at, message };
    }
    const message = await run.finish();
    return message === undefined ? undefined : { at: program.length, message };
  } finally {
    await ground.actors.closeAll();
    await ground.removeRoot(root);
  }
}

class ProgramRun {
  readonly #ground: Ground;
  readonly #model = new Model();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  async step(step: Step): Promise<string | undefined> {
    if (step.op === 'remount') return this.#remount();
    if (step.op === 'kill') return this.#kill();
    const actors = this.#ground.actors;
    const by = 'by' in step ? step.by : (this.#model.slots.get(step.slot)?.by ?? 0);
    if (!this.#model.isMade(step)) return undefined;
    const reply = await actors.run(by, step);
    const expected = this.#model.step(step, 'value' in reply ? reply.value : undefined);
    const wrong = compare(expected, reply);
    return wrong === undefined ? undefined : `${describeStep(step)}: ${wrong}`;
  }

  /** All descriptors are closed, then everything is compared: by the mount that wrote it, and by a cold one. */
  async finish(): Promise<string | undefined> {
    return (await this.#closeAll()) ?? (await this.#compareTree('at the end')) ?? (await this.#remount());
  }

  async #remount(): Promise<string | undefined> {
    const problem = await this.#closeAll();
    if (problem !== undefined) return problem;
    const { restart } = this.#ground;
    if (restart === undefined) return undefined;
    await restart.remount();
    return this.#compareTree('after a remount');
  }

  async #kill(): Promise<string | undefined> {
    const { restart, actors } = this.#ground;
    if (restart === undefined) return this.#remount();
    await restart.crash();
    // They fail on the mount that is gone: their calls were never acknowledged.
    await actors.closeAll();
    this.#model.crash();
    const problem = await settleCrash(this.#model, actors);
    return problem ?? (await this.#compareTree('after SIGKILL'));
  }

  async #closeAll(): Promise<string | undefined> {
    const failed = (await this.#ground.actors.closeAll()).find((reply) => 'errno' in reply);
    this.#model.closeAll();
    return failed !== undefined && 'errno' in failed ? `close fails with ${failed.errno}` : undefined;
  }

  async #compareTree(when: string): Promise<string | undefined> {
    for (const step of inspection(this.#model)) {
      const wrong = await this.step(step);
      if (wrong !== undefined) return `${when}: ${wrong}`;
    }
    return undefined;
  }
}

/** One line for people: `rename {"path":"a","to":"b"}`. */
export function describeStep(step: Step): string {
  const { op, ...rest } = step;
  return Object.keys(rest).length === 0 ? op : `${op} ${JSON.stringify(rest)}`;
}

function compare(expected: Expected, reply: Reply): string | undefined {
  switch (expected.kind) {
    case 'none':
      return undefined;
    case 'errno': {
      const wanted = expected.names.join(' or ');
      if (!('errno' in reply)) return `expected ${wanted}, but it succeeds with ${show(reply.value)}`;
      return expected.names.includes(reply.errno) ? undefined : `expected ${wanted}, but got ${reply.errno}`;
    }
    case 'check':
      return expected.check(reply);
    case 'value':
      if ('errno' in reply) return `expected success, but got ${reply.errno} (${reply.message ?? ''})`;
      return difference(reply.value, expected.value);
  }
}

function difference(actual: Value, wanted: Value): string | undefined {
  if (!(wanted instanceof Uint8Array)) {
    const [is, should] = [show(actual), show(wanted)];
    return is === should ? undefined : `expected ${should}, but got ${is}`;
  }
  const bytes = actual as Uint8Array; // the machine answers with bytes where the model does
  if (Buffer.compare(bytes, wanted) === 0) return undefined;
  const least = Math.min(bytes.length, wanted.length);
  let at = 0;
  while (at < least && bytes[at] === wanted[at]) at += 1;
  let end = least;
  while (end > at && bytes[end - 1] === wanted[end - 1]) end -= 1;
  const lengths =
    bytes.length === wanted.length ? '' : `expected ${wanted.length} bytes, got ${bytes.length}; `;
  const isZero = bytes.subarray(at, end).every((byte) => byte === 0);
  return `content differs: ${lengths}bytes ${at} to ${end} are ${isZero ? 'zeros and ' : ''}not what was written`;
}

function show(value: Value): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
