import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Machine } from '../../suites/model/run/machine.js';
import { generate } from '../../suites/model/run/generate.js';
import { PROFILES, type Profile } from '../../suites/model/run/profiles.js';
import { runProgram, type Ground } from '../../suites/model/run/program-run.js';
import { searchFailure } from '../../suites/model/run/search.js';
import type { Reply } from '../../suites/model/model/replies.js';
import { Failure } from '../errors/failure.js';
import { createRandom } from '../random/random.js';
import { readReplay, type Program, type Step } from './api/program.js';

/** Steps of each kind of program; the whole suite makes more of them. */
const STEPS = 150;
let folder: string;
let umask: number;

beforeAll(() => {
  umask = process.umask(0);
  folder = mkdtempSync(join(tmpdir(), 'objectfs-programs-'));
});

afterAll(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true });
});

/** Programs on a local directory, all calls made by this process; `spoil` is a defect of that file system. */
function localGround(spoil: (step: Step, reply: Reply) => Reply = (_step, reply) => reply): Ground {
  let machine = new Machine(folder);
  return {
    signal: new AbortController().signal,
    makeRoot: () => mkdtemp(join(folder, 'program-')),
    removeRoot: (root) => rm(root, { recursive: true }),
    actors: {
      begin: (root) => {
        machine = new Machine(root);
        return Promise.resolve();
      },
      run: (_by, step) => Promise.resolve(spoil(step, machine.run(step))),
      closeAll: () => Promise.resolve([machine.closeAll()]),
    },
  };
}

function profile(name: string): Profile {
  const found = PROFILES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no profile ${name}`);
  return found;
}

describe('random programs', () => {
  test.each(PROFILES.filter(({ name }) => name !== 'parts').map(({ name }) => name))(
    'the model of %s says what a local file system does',
    async (name) => {
      const program = generate(profile(name), createRandom(1), STEPS);
      expect(await runProgram(localGround(), program)).toBeUndefined();
    },
  );

  test('the same seed gives the same program, another seed another one', () => {
    const first = generate(profile('files'), createRandom(7), STEPS);
    expect(generate(profile('files'), createRandom(7), STEPS)).toEqual(first);
    expect(generate(profile('files'), createRandom(8), STEPS)).not.toEqual(first);
  });

  test('a defect is found and shrunk to the few steps that show it', async () => {
    // fstat fails on files that have bytes, and fewer than a page.
    const ground = localGround((step, reply) =>
      step.op === 'fstat' && 'value' in reply && isSmall(reply) ? { errno: 'EIO' } : reply,
    );
    const wish = { profile: profile('files'), seed: 3, programs: 3, length: 400, shrinkLimitMs: 60_000 };
    const small = await searchFailure(wish, (program) => runProgram(ground, program));
    if (small === undefined) throw new Error('The defect was not found');
    expect(small.fromSteps).toBe(400);
    expect(small.tries).toBeLessThan(400);
    expect(small.program.length).toBeLessThanOrEqual(6);
    expect(small.program.at(-1)).toMatchObject({ op: 'fstat' });
  });

  test('what is no failure of the program ends the search with its reason, also while it is shrunk', async () => {
    const wish = { profile: profile('files'), seed: 3, programs: 3, length: 50, shrinkLimitMs: 60_000 };
    for (const good of [0, 3]) {
      let runs = 0;
      const search = searchFailure(wish, () => {
        runs += 1;
        return runs > good
          ? Promise.reject(new Error('gone'))
          : Promise.resolve({ at: 40, message: 'wrong' });
      });
      await expect(search).rejects.toThrow('gone');
      expect(runs).toBe(good + 1);
    }
  });

  test('no program is made smaller after the time for that', async () => {
    const wish = { profile: profile('files'), seed: 3, programs: 3, length: 50, shrinkLimitMs: -1 };
    let runs = 0;
    const found = await searchFailure(wish, () => {
      runs += 1;
      return Promise.resolve({ at: 40, message: 'wrong' });
    });
    expect([runs, found?.program.length, found?.tries]).toEqual([1, 41, 0]);
  });

  test('a loss after a crash is found where fsync has acknowledged it, and only there', async () => {
    const lossy = (isSynced: boolean): Program => [
      { op: 'open', by: 0, slot: 0, path: 'a', flags: 66, mode: 0o644 },
      { op: 'write', slot: 0, from: 1, length: 10 },
      ...(isSynced ? ([{ op: 'fsync', slot: 0, dataOnly: false }] as const) : []),
      { op: 'kill' },
    ];
    const ground = localGround();
    const losing: Ground = {
      ...ground,
      restart: {
        remount: () => Promise.resolve(),
        crash: async () => {
          await ground.actors.run(0, { op: 'unlink', by: 0, path: 'a' });
        },
      },
    };
    expect(await runProgram(losing, lossy(false))).toBeUndefined();
    expect(await runProgram(losing, lossy(true))).toMatchObject({ at: 3 });
  });
});

function isSmall(reply: Reply): boolean {
  if ('errno' in reply || typeof reply.value !== 'object' || !('size' in reply.value)) return false;
  return reply.value.size > 0 && reply.value.size < 4096;
}

describe('replay files', () => {
  const good = {
    schemaVersion: 1,
    case: 'random/files',
    seed: 1,
    target: 'objectfs',
    failure: 'it failed',
    program: [{ op: 'mkdir', by: 0, path: 'a', mode: 0o755 }],
  };

  test.each([
    ['a later version', { ...good, schemaVersion: 2 }],
    ['an unknown step', { ...good, program: [{ op: 'format', path: 'a' }] }],
    ['a path that leaves the directory', { ...good, program: [{ op: 'unlink', by: 0, path: '../a' }] }],
    ['no steps', { ...good, program: [] }],
  ])('%s is wrong use', (_name, content) => {
    const file = join(folder, 'replay.json');
    writeFileSync(file, JSON.stringify(content));
    expect(kindOf(() => readReplay(file))).toBe('usage');
    writeFileSync(file, JSON.stringify(good));
    expect(readReplay(file)).toEqual(good);
  });
});

function kindOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (reason) {
    return reason instanceof Failure ? reason.kind : reason;
  }
}
