import { findProgram } from '../targets/find-program.js';
import { temporaryRunPerTest } from '../testing/temporary-run.js';
import { chooseExternal } from './choose.js';
import type { ProgramEnd } from './program.js';
import { runOutside, startDirectory, writeScripts } from './testing/outside-run.js';

const run = temporaryRunPerTest();

const { signal } = new AbortController();
const hasStress = (await findProgram(['stress-ng'])) !== undefined;
const testStress = hasStress ? test : test.skip;

testStress(
  `a stressor of the installed program is a case with its operations${hasStress ? '' : ' (skipped: needs stress-ng)'}`,
  async () => {
    const session = await startDirectory(run, signal);
    const selection = { filter: '*/rename,*/link' };
    const wish = { kind: 'stress-ng', operations: 5 } as const;
    const { cases, left } = await runOutside(run, session, wish, { signal, selection });
    expect(cases.map(({ id, state, reason }) => [id, state, reason])).toEqual([
      ['stress-ng/link', 'passed', undefined],
      ['stress-ng/rename', 'passed', undefined],
    ]);
    expect(cases[1]?.checks).toBeGreaterThanOrEqual(5);
    expect(cases[1]?.note).toMatch(/^\d+ bogo operations, [\d.]+ a second$/);
    expect(left).toEqual([]);
  },
);

/** As stress-ng 0.15.06 answers. */
const NAMES = `case "$1" in
  --stressors) echo 'access cpu dir rename seek verity';;
  --class) echo "class 'filesystem' stressors: access dir procfs rename verity";;
esac`;

async function judge(end: Partial<ProgramEnd>) {
  const path = `${await writeScripts(run, { 'stress-ng': NAMES })}/stress-ng`;
  const { only, external } = await chooseExternal({ kind: 'stress-ng', path }, 1, {});
  // procfs is in the class and works on other files; seek is not in it and works on ours.
  expect(only).toEqual(['access', 'dir', 'rename', 'seek', 'verity'].map((name) => `stress-ng/${name}`));
  const program = external?.programs.find(({ cases }) => cases[0]?.id === 'stress-ng/rename');
  return program?.judge({ stdout: '', stderr: '', isMaxBuffer: false, ...end }, 'stress-ng/rename');
}

const METRICS =
  'stress-ng: metrc: [42] rename              120      3.01      0.00      0.10        39.8        1200.0';

test.each([
  ['counted operations', { exitCode: 0, stdout: METRICS }, 'passed', undefined],
  [
    'a skip with exit code 0',
    { exitCode: 0, stdout: 'stress-ng: info:  [42] rename: not supported, skipping stress test' },
    'skipped',
    'info: rename: not supported, skipping stress test',
  ],
  ['no operation', { exitCode: 0, stdout: METRICS.replace('120', '  0') }, 'skipped', 'It did no operation'],
  ['no resources', { exitCode: 3 }, 'skipped', 'It did no operation\nIt ended with exit code 3'],
  [
    'a finding',
    { exitCode: 2, stdout: METRICS, stderr: 'stress-ng: fail:  [42] rename: wrong size' },
    'failed',
    'fail: rename: wrong size\nIt ended with exit code 2',
  ],
  ['a death', { signal: 'SIGSEGV', stderr: 'sorry' }, 'failed', 'sorry\nIt ended with SIGSEGV'],
])('%s: by its exit code and its words', async (_what, end, state, reason) => {
  const outcome = await judge(end);
  expect(outcome?.state).toBe(state);
  if (reason === undefined) expect(outcome?.note).toBe('120 bogo operations, 39.8 a second');
  else expect(outcome?.reason).toContain(reason);
});
