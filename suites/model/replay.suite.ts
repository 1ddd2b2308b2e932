import { mkdir } from 'node:fs/promises';
import { CaseList, defineGroup, fail, modelRequest } from '../../src/harness/api/index.js';
import { Actors } from './run/actors.js';
import { describeStep, runProgram } from './run/program-run.js';

const SPARE_MS = 60_000;
const STEP_LIMIT_MS = 1_000;

const { replayFile } = modelRequest();
const group = new CaseList('model', 'replay', { operations: [] });

/** The one case of `objectfs replay`; in a run of suites there is none. */
if (replayFile !== undefined) {
  const { readReplay } = await import('../../src/harness/api/program.js');
  const { program } = readReplay(replayFile);
  group.add(
    'program',
    'the saved program gives the results of a local file system',
    async (context) => {
      const actors = new Actors();
      const root = context.path('tree');
      try {
        const mismatch = await runProgram(
          {
            actors,
            signal: context.signal,
            makeRoot: () => mkdir(root).then(() => root),
            removeRoot: () => Promise.resolve(),
            ...(context.has('remount') ? { restart: context.control } : {}),
          },
          program,
        );
        if (mismatch === undefined) return;
        const step = program[mismatch.at];
        const where = step === undefined ? 'after the last step' : `step ${mismatch.at + 1}, ${step.op}`;
        fail(
          `${where}: ${mismatch.message}. Steps: ${program.map((entry) => describeStep(entry)).join('; ')}`,
        );
      } finally {
        actors.end();
      }
    },
    {
      operations: [...new Set(program.map(({ op }) => op))],
      timeoutMs: SPARE_MS + program.length * STEP_LIMIT_MS,
    },
  );
}

defineGroup(group);
