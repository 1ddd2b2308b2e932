import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SuiteResult } from '../../report/model.js';
import { temporaryRunPerTest } from '../testing/temporary-run.js';
import { chooseExternal } from './choose.js';
import { runOutside, startDirectory, writeScripts } from './testing/outside-run.js';

const run = temporaryRunPerTest();

async function runPrograms(
  programs: Readonly<Record<string, string>>,
  limitMs: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<SuiteResult> {
  const path = await writeScripts(run, programs);
  const session = await startDirectory(run, signal);
  const { left, ...result } = await runOutside(run, session, { kind: 'tap', path, limitMs }, { signal });
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
  const path = await writeScripts(run, { 'a.t': 'echo 1..0' });
  const choose = (where: string, filter?: string) =>
    chooseExternal({ kind: 'tap', path: where }, 1, filter === undefined ? {} : { filter });
  await expect(choose(path, 'zebra')).rejects.toMatchObject({ kind: 'usage' });
  await expect(choose(join(path, 'none'))).rejects.toMatchObject({ kind: 'usage' });
  await mkdir(join(path, 'empty'));
  await expect(choose(join(path, 'empty'))).rejects.toMatchObject({ kind: 'usage' });
  await expect(chooseExternal({ kind: 'tap' }, 1, {})).rejects.toMatchObject({ kind: 'usage' });
  const fsx = (where: string) => chooseExternal({ kind: 'fsx', path: where }, 1, {});
  await expect(fsx(path)).rejects.toMatchObject({ kind: 'usage' });
  await expect(fsx(join(path, 'none'))).rejects.toMatchObject({ kind: 'usage' });
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
