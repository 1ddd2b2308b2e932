import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CaseList,
  defineGroup,
  fail,
  modelRequest,
  removeReplay,
  writeReplay,
  type CaseContext,
  type Replay,
} from '../../src/harness/api/index.js';
import { Actors } from './run/actors.js';
import { NEEDED, PROFILES, type Profile } from './run/profiles.js';
import { describeStep, runProgram, type Ground } from './run/program-run.js';
import { searchFailure, type Found } from './run/search.js';

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
  const actors = new Actors();
  const ground = groundOf(context, actors);
  const facts = { case: `random/${profile.name}`, seed: context.seed, target: request.target };
  // Here for who looks after a hang: it is removed when the program has ended.
  const running = `random.${profile.name}.running.json`;
  const length = Math.min(profile.length, steps);
  const wish = { profile: withoutUnmet(context, profile), seed: context.seed, length };
  const limits = { programs: Math.ceil(steps / length), shrinkLimitMs: SHRINK_LIMIT_MS };
  try {
    const found = await searchFailure({ ...wish, ...limits }, async (program) => {
      writeReplay(running, { ...facts, failure: 'it did not end', program });
      return runProgram(ground, program);
    });
    removeReplay(running);
    if (found !== undefined) report(found, facts);
  } finally {
    actors.end();
  }
}

type Facts = Pick<Replay, 'case' | 'seed' | 'target'>;

function report({ program, mismatch, fromSteps, tries }: Found, facts: Facts): never {
  const failure = mismatch.message;
  const path = writeReplay(`${facts.case.replace('/', '.')}.json`, { ...facts, failure, program });
  const steps = program.map((step) => describeStep(step));
  const shown = steps.length > 12 ? [`${steps.length - 12} steps`, ...steps.slice(-12)] : steps;
  fail(
    `${failure}. Steps: ${shown.join('; ')}. ` +
      `Shrunk from ${fromSteps} steps in ${tries} tries; again with: objectfs replay ${path}`,
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
