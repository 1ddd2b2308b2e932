import { temporaryRunPerTest } from '../testing/temporary-run.js';
import { runOutside, startDirectory, writeScripts } from './testing/outside-run.js';

const run = temporaryRunPerTest();

const { signal } = new AbortController();

/** Shaped as the output of fsx of xfstests, which was run to see it: `-Z` finds wrong bytes, `-c` is not known. */
const FSX = `
case "$*" in
  *-c*) echo 'usage: fsx [-dknqxyzBEFHIJKLORWXZ0]'; exit 90;;
  *-Z*)
    echo 'main: filesystem does not support clone range, disabling!'
    echo 'READ BAD DATA: offset = 0xbe6a, size = 0x1696, fname = file'
    echo 'OFFSET      GOOD    BAD     RANGE'
    echo '0xc770      0x32e3  0x5859  0x0'
    echo 'LOG DUMP (2 total operations):'
    echo '1(  1 mod 256): WRITE    0xd6ed thru 0xffff	(0x2913 bytes) HOLE	***WWWW'
    echo '2(  2 mod 256): READ     0xbe6a thru 0xd4ff	(0x1696 bytes)	***RRRR***'
    echo 'Log of operations saved to "file.fsxops"; replay with --replay-ops'
    exit 110;;
  *-R*) exit 0;;
esac
for last; do :; done
echo data > "$last"
echo 'All 40 operations completed A-OK!'`;

async function runScript(body: string) {
  const folder = await writeScripts(run, { fsx: body });
  const session = await startDirectory(run, signal);
  const wish = { kind: 'fsx', path: `${folder}/fsx`, operations: 40 } as const;
  return { folder, ...(await runOutside(run, session, wish, { signal })) };
}

test('each way to use it is a case with its seed; what it finds is the reason, with its last operations', async () => {
  const { folder, suite, cases, left } = await runScript(FSX);
  expect(suite).toBe('external-fsx');
  expect(cases.map(({ id, state, checks, seed }) => [id, state, checks, seed])).toEqual([
    ['fsx/default', 'passed', 40, 7],
    // It ends with 0 and says nothing: that is no pass.
    ['fsx/no-mmap', 'failed', undefined, 7],
    ['fsx/aligned', 'passed', 40, 7],
    ['fsx/large', 'passed', 40, 7],
    ['fsx/reopened', 'broken', undefined, 7],
    ['fsx/direct', 'failed', undefined, 7],
  ]);
  expect(cases.at(-1)?.reason?.split('\n')).toEqual([
    'READ BAD DATA: offset = 0xbe6a, size = 0x1696, fname = file',
    'OFFSET      GOOD    BAD     RANGE',
    '0xc770      0x32e3  0x5859  0x0',
    'The last operations:',
    '1(  1 mod 256): WRITE    0xd6ed thru 0xffff	(0x2913 bytes) HOLE	***WWWW',
    '2(  2 mod 256): READ     0xbe6a thru 0xd4ff	(0x1696 bytes)	***RRRR***',
    'It ended with exit code 110',
    `Again: ${folder}/fsx -q -S 7 -N 40 -Z -R -W -r 4096 -w 4096 -t 4096 file`,
  ]);
  expect(left).toEqual([]);
});

test('options that only some fsx have are a skip where they are not known', async () => {
  const { cases } = await runScript(
    `case "$*" in *-Z*) exit 90;; esac; echo 'All operations completed A-OK!'`,
  );
  expect(cases.map(({ state }) => state)).toEqual([...Array<string>(5).fill('passed'), 'skipped']);
});
