import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configSchema } from '../../config/schema.js';
import { silentProgress } from '../../log/progress.js';
import type { SuiteResult } from '../../report/model.js';
import { directoryTarget } from '../targets/directory.js';
import { TargetSession } from '../targets/session.js';
import { temporaryRun, type TemporaryRun } from '../testing/temporary-run.js';
import { chooseExternal } from './choose.js';
import { runExternal } from './run-external.js';

let run: TemporaryRun;
beforeEach(async () => {
  run = await temporaryRun();
});
afterEach(async () => {
  await run.remove();
});

async function writePrograms(programs: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(run.folder, 'programs');
  for (const [name, body] of Object.entries(programs)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`);
  }
  return folder;
}

async function runPrograms(
  programs: Readonly<Record<string, string>>,
  limitMs: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<SuiteResult> {
  const path = await writePrograms(programs);
  const { suite, external = [] } = await chooseExternal({ kind: 'tap', path }, {});
  const target = join(run.folder, 'target');
  await mkdir(target);
  const { runId } = run.scope;
  const config = configSchema.parse({});
  const place = { runId, folder: run.folder, config, record: run.scope.record };
  const session = new TargetSession(await directoryTarget(target), place);
  await session.start(signal);
  const job = { scope: run.scope, suite, control: false, session, progress: silentProgress };
  const result = await runExternal({ ...job, programs: external, limitMs }, signal);
  const left = await readdir(session.target.directory);
  // What a hung program had stays: removing it could hang too.
  expect(left).toHaveLength(result.cases.filter(({ state }) => state === 'hung').length);
  return result;
}

test('a program is a case with its checks, run in a fresh directory of the target', async () => {
  const { cases } = await runPrograms(
    {
      'a/good.t': 'echo 1..2; echo data > file; echo ok 1; case $PWD in */target/*) echo ok 2;; esac',
      'a/bad.t': 'echo 1..1; echo not ok 1 - told you',
      'b/exits.t': 'echo 1..1; echo ok 1; echo why >&2; exit 3',
      'skips.t': 'echo 1..0 "# SKIP not here"',
    },
    60_000,
  );
  expect(cases.map(({ id, state, checks, reason }) => [id, state, checks, reason])).toEqual([
    ['a/bad', 'failed', 1, 'not ok 1 - told you'],
    ['a/good', 'passed', 2, undefined],
    ['b/exits', 'failed', 1, 'It ended with exit code 3\nwhy'],
    ['skips', 'skipped', 0, 'not here'],
  ]);
});

test('an empty selection, an empty folder and an absent one are usage errors', async () => {
  const path = await writePrograms({ 'a.t': 'echo 1..0' });
  const choose = (where: string, filter?: string) =>
    chooseExternal({ kind: 'tap', path: where }, filter === undefined ? {} : { filter });
  await expect(choose(path, 'zebra')).rejects.toMatchObject({ kind: 'usage' });
  await expect(choose(join(path, 'none'))).rejects.toMatchObject({ kind: 'usage' });
  await mkdir(join(path, 'empty'));
  await expect(choose(join(path, 'empty'))).rejects.toMatchObject({ kind: 'usage' });
});

test('the signal ends the program', async () => {
  const controller = new AbortController();
  const running = runPrograms({ 'a.t': 'while :; do sleep 1; done' }, 60_000, controller.signal);
  const stopped = expect(running).rejects.toThrow('stop');
  for (;;) {
    const [entry] = await run.ledger.runs();
    if (entry?.processes.some(({ role }) => role === 'worker') === true) break;
  }
  controller.abort(new Error('stop'));
  await stopped;
});

test('a program that does not end is hung, and the next one is run', async () => {
  const { cases } = await runPrograms(
    { 'a.t': 'while :; do sleep 1; done', 'b.t': 'echo 1..1; echo ok' },
    2_000,
  );
  expect(cases.map(({ id, state }) => [id, state])).toEqual([
    ['a', 'hung'],
    ['b', 'passed'],
  ]);
});
