import { join } from 'node:path';
import { Failure } from '../../errors/failure.js';
import type { CaseContext, DirectStore } from './case.js';
import { SkipCase, expectErrno } from './outcome.js';
import { controlOf } from './control.js';
import { unmetNeed } from './needs.js';
import type { RunPlan } from './protocol.js';
import { createRandom } from '../../random/random.js';
import { seededBytes } from './seeded.js';
import { linuxSyscalls } from './syscalls-linux.js';

export interface ContextParts {
  readonly plan: RunPlan;
  readonly seed: number;
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Present where the case needs `store`. */
  readonly store: DirectStore | undefined;
  /** Takes what the case has measured. */
  readonly notes: string[];
}

/** What one case gets; `store` and `control` throw where the case did not declare that it needs them. */
export function makeContext(parts: ContextParts): CaseContext {
  const { plan, seed, directory, signal } = parts;
  return {
    directory,
    signal,
    seed,
    path: (...segments) => join(directory, ...segments),
    random: createRandom(seed),
    bytes: (lengthBytes, salt) => seededBytes(seed, lengthBytes, salt),
    get sys() {
      return linuxSyscalls();
    },
    expectErrno,
    get store() {
      if (parts.store !== undefined) return parts.store;
      throw new Failure('internal', 'This case uses the store without the need "store"');
    },
    get control() {
      if (plan.controlSocket !== undefined) return controlOf(plan.controlSocket, directory, signal);
      throw new Failure('internal', 'This case uses the control channel without the need "remount"');
    },
    fixtures: plan.fixtures,
    has: (need) => unmetNeed(plan, [need]) === undefined,
    note(text) {
      parts.notes.push(text);
    },
    skip(reason) {
      throw new SkipCase(reason);
    },
  };
}
