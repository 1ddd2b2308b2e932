import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CaseList,
  defineGroup,
  fail,
  mixSeed,
  modelRequest,
  removeReplay,
  writeReplay,
  type CaseContext,
  type Program,
  type Replay,
} from '../../src/harness/api/index.js';
import { Actors } from './run/actors.js';
import { generate } from './run/generate.js';
import { NEEDED, PROFILES, type Profile } from './run/profiles.js';
import { describeStep, runProgram, type Ground, type Mismatch } from './run/program-run.js';
import { shrink } from './run/shrink.js';

/** Of a case, beside its steps: starts of the target, comparisons of trees, shrinking. */
const SPARE_MS = 90_000;
const STEP_LIMIT_MS = 600;
const SHRINK_LIMIT_MS = 60_000;

/** One of them shows in a few seconds that the rest is worth its time. */
const QUICK = 'files';

const request = modelRequest();
const group = new CaseList('model', 'random', { operations: [] });

for (const profile of request.replayFile === undefined ? PROFILES : []) {
  const steps = Math.ceil(request.operations * profile.share);
  group.add(profile.name, profile.says, (context) => runProfile(context, profile, steps), {
    operations: Object.keys(profile.weights),
    timeoutMs: SPARE_MS + SHRINK_LIMIT_MS + steps * STEP_LIMIT_MS,
    tier: profile.name === QUICK ? 'quick' : 'full',
  });
}

/** Programs one after the other until so many steps are made; the first that fails is shrunk and saved. */
async function runProfile(context: CaseContext, profile: Profile, steps: number): Promise<void> {
  const possible = withoutUnmet(context, profile);
  const actors = new Actors();
  const ground = groundOf(context, actors);
  try {
    for (let done = 0, round = 0; done < steps; round += 1) {
      const program = generate(
        possible,
        mixSeed(context.seed, `program ${round}`),
        Math.min(profile.length, steps - done),
      );
      done += program.length;
      const facts = { case: `random/${profile.name}`, seed: context.seed, target: request.target };
      // Here for who looks after a hang: it is removed when the program has ended.
      const running = `random.${profile.name}.running.json`;
      writeReplay(running, { ...facts, failure: 'it did not end', program });
      const mismatch = await runProgram(ground, program);
      if (mismatch !== undefined) await report(ground, program, mismatch, facts);
      removeReplay(running);
    }
  } finally {
    actors.end();
  }
}

type Facts = Pick<Replay, 'case' | 'seed' | 'target'>;

async function report(ground: Ground, program: Program, mismatch: Mismatch, facts: Facts): Promise<never> {
  const deadlineMs = performance.now() + SHRINK_LIMIT_MS;
  const small = await shrink(
    program,
    mismatch,
    (candidate) => runProgram(ground, candidate),
    () => performance.now() > deadlineMs,
  );
  const path = writeReplay(`${facts.case.replace('/', '.')}.json`, {
    ...facts,
    failure: small.mismatch.message,
    program: small.program,
  });
  removeReplay(`${facts.case.replace('/', '.')}.running.json`);
  const steps = small.program.map((step) => describeStep(step));
  const shown = steps.length > 12 ? [`${steps.length - 12} steps`, ...steps.slice(-12)] : steps;
  fail(
    `${small.mismatch.message}. Steps: ${shown.join('; ')}. ` +
      `Shrunk from ${program.length} steps in ${small.tries} tries; again with: objectfs replay ${path}`,
  );
}

/** A program lies in a directory of its own. */
function groundOf(context: CaseContext, actors: Actors): Ground {
  return {
    actors,
    signal: context.signal,
    async makeRoot() {
      const root = await mkdtemp(join(context.directory, 'program-'));
      await mkdir(join(root, 'tree'));
      return join(root, 'tree');
    },
    removeRoot: (root) => rm(join(root, '..'), { recursive: true, force: true }),
    ...(context.has('remount') ? { restart: context.control } : {}),
  };
}

function withoutUnmet(context: CaseContext, profile: Profile): Profile {
  const weights = Object.entries(profile.weights).filter(([op]) => {
    const need = NEEDED[op as keyof typeof NEEDED];
    // Without a remount these two close all descriptors, which a plain directory can do as well.
    return need === undefined || need === 'remount' || context.has(need);
  });
  const renameFlags = profile.renameFlags.filter(
    (flags) => flags === 0 || context.has(flags === 1 ? 'rename-flags' : 'rename-exchange'),
  );
  return { ...profile, weights: Object.fromEntries(weights), renameFlags };
}

defineGroup(group);
