import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../../config/schema.js';
import { silentLog } from '../../../log/log.js';
import { silentProgress } from '../../../log/progress.js';
import type { SuiteResult } from '../../../report/model.js';
import type { UnmetNeed } from '../../api/protocol.js';
import { runOnTarget } from '../../suite-tools.js';
import { temporaryRun } from '../../testing/temporary-run.js';
import { directoryTarget } from '../directory.js';
import { driftOf } from './drift.js';
import { probeTarget } from './probe-target.js';

const { signal } = new AbortController();
const WITHOUT_LINKS: UnmetNeed = { need: 'hard-link', state: 'unsupported', reason: 'so it is said' };

describe('the profile of a target', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  test('that denies what a local directory has is told as drift, and the probes leave nothing there', async () => {
    const onProcess = () => Promise.resolve();
    const { drift, hangs } = await probeTarget({ directory, unmet: [WITHOUT_LINKS], onProcess }, signal);
    const said = drift.filter(({ need }) => need === 'hard-link');
    expect(said).toEqual([
      { need: 'hard-link', says: 'Declared without hard-link (so it is said), but link(2) works' },
    ]);
    expect(drift.filter(({ need }) => need === 'symlink' || need === undefined)).toEqual([]);
    expect(hangs).toBe(false);
    expect(await readdir(directory)).toEqual([]);
  });

  test('that is wrong changes no verdict: its cases stay unsupported, and the drift stands beside them', async () => {
    const run = await temporaryRun();
    try {
      const result = await runFalseProfile(run.scope, directory);
      expect(result.cases.map(({ id, state }) => [id, state])).toEqual([
        ['link/gives-a-second-name', 'unsupported'],
      ]);
      expect(result.drift).toContainEqual(expect.objectContaining({ need: 'hard-link' }));
    } finally {
      await run.remove();
    }
  });

  test('of a directory that can not be written is not compared, and that is told', async () => {
    const gone = join(directory, 'gone');
    const onProcess = () => Promise.resolve();
    const { drift } = await probeTarget({ directory: gone, unmet: [], onProcess }, signal);
    expect(drift).toEqual([{ says: expect.stringMatching(/could not be made: ENOENT/) as string }]);
  });
});

async function runFalseProfile(
  scope: Parameters<typeof runOnTarget>[0]['scope'],
  directory: string,
): Promise<SuiteResult> {
  const target = join(directory, 'target');
  await mkdir(target);
  const progress = silentProgress;
  const config = configSchema.parse({});
  const model = { operations: 1, replayFolder: directory };
  const tools = { scope, config, seed: 1, fixtures: [], progress, log: silentLog, model };
  const driver = { ...(await directoryTarget(target)), unmet: [WITHOUT_LINKS] };
  const suite = {
    suite: 'posix',
    only: ['link/gives-a-second-name'],
    files: ['link.suite.js'],
    leftOut: new Set<string>(),
  };
  return runOnTarget(tools, { suite, driver, control: false, probe: true }, signal);
}

describe('drift', () => {
  const call = 'setxattr(2)';
  const lacking: UnmetNeed = { need: 'xattr', state: 'unsupported', reason: 'off by default' };

  test('is what was declared and does not work', () => {
    const answers = [{ answer: 'end', need: 'xattr', call, problem: 'gives ENOTSUP' }] as const;
    expect(driftOf(answers, [], true)).toEqual([
      { need: 'xattr', says: 'Declared with xattr, but setxattr(2): gives ENOTSUP' },
    ]);
    expect(driftOf(answers, [lacking], true)).toEqual([]);
  });

  test('is what was declared to lack and works', () => {
    const answers = [{ answer: 'end', need: 'xattr', call }] as const;
    expect(driftOf(answers, [lacking], true)).toEqual([
      { need: 'xattr', says: 'Declared without xattr (off by default), but setxattr(2) works' },
    ]);
    expect(driftOf(answers, [], true)).toEqual([]);
  });

  test('names the call that did not come back', () => {
    expect(driftOf([{ answer: 'begin', need: 'xattr', call }], [], false)).toEqual([
      { need: 'xattr', says: 'setxattr(2) did not answer when xattr was probed' },
    ]);
    expect(driftOf([], [], false)).toEqual([{ says: 'The probes did not come to their end' }]);
  });
});
