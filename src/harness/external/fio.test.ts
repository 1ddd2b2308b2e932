import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../targets/find-program.js';
import { temporaryRunPerTest } from '../testing/temporary-run.js';
import { chooseExternal } from './choose.js';
import { fioEntries } from '../../bench/fio-output.js';
import { runOutside, startDirectory, writeScripts } from './testing/outside-run.js';

const run = temporaryRunPerTest();

const { signal } = new AbortController();
const hasFio = (await findProgram(['fio'])) !== undefined;
const testFio = hasFio ? test : test.skip;
const needs = hasFio ? '' : ' (skipped: needs fio)';

async function writeJobs(text: string): Promise<string> {
  const folder = join(run.folder, 'jobs');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'some.fio'), text);
  return folder;
}

testFio(`its own jobs write, read back and compare; figures are noted${needs}`, async () => {
  const session = await startDirectory(run, signal);
  const selection = { filter: 'fio/random-64KiB' };
  const { cases, left } = await runOutside(run, session, { kind: 'fio' }, { signal, selection });
  expect(cases.map(({ id, state, checks, reason }) => [id, state, checks, reason])).toEqual([
    // 256 blocks of 64 KiB in 16 MiB, written and read back.
    ['fio/random-64KiB', 'passed', 512, undefined],
  ]);
  expect(cases[0]?.note).toMatch(/^wrote 16\.0 MiB at [\d.]+ MiB\/s, read 16\.0 MiB at [\d.]+ MiB\/s$/);
  expect(left).toEqual([]);
});

testFio(`each job of a job file is a case; one that fails does not fail the others${needs}`, async () => {
  const path = await writeJobs(`[global]
size=64k
bs=4k
[writes]
rw=write
verify=crc32c
numjobs=2
[other-bytes]
stonewall
rw=read
filename=writes.0.0
verify=md5
`);
  const session = await startDirectory(run, signal);
  const { cases } = await runOutside(run, session, { kind: 'fio', path }, { signal });
  expect(cases.map(({ id, state, checks }) => [id, state, checks])).toEqual([
    // Two processes, 16 blocks each, written and read back.
    ['some/writes', 'passed', 64],
    ['some/other-bytes', 'failed', undefined],
  ]);
  expect(cases[1]?.reason).toContain('verify');
});

test('a job file that names its own place is a usage error: it would test that one', async () => {
  const choose = async (line: string) =>
    chooseExternal({ kind: 'fio', path: await writeJobs(`[one]\n${line}\nrw=read\n`) }, 1, {});
  const refused = hasFio ? /says where its files are/ : /no fio on PATH/;
  await expect(choose('directory=/tmp')).rejects.toThrow(refused);
  await expect(choose('filename = /tmp/x')).rejects.toThrow(refused);
  await expect(choose('include other.fio')).rejects.toThrow(refused);
});

test('results that say nothing are no pass, whatever the exit code', async () => {
  const entry = { jobname: 'sequential-4KiB', error: 0 };
  const none = { io_bytes: 0, bw_bytes: 0, total_ios: 0 };
  const idle = JSON.stringify({ jobs: [{ ...entry, read: none, write: none }] }, undefined, 2);
  const outcomes = async (script: string, name: string) => {
    const folder = await writeScripts(run, { [name]: script });
    const selection = { filter: 'fio/sequential-4KiB' };
    const { external } = await chooseExternal({ kind: 'fio', path: join(folder, name) }, 1, selection);
    const [program] = external?.programs ?? [];
    const end = { stdout: script, stderr: '', exitCode: 0, isMaxBuffer: false };
    return program?.judge(end, 'fio/sequential-4KiB').state;
  };
  expect(await outcomes('', 'silent')).toBe('failed');
  expect(await outcomes('{"jobs":[]\n}', 'empty')).toBe('failed');
  expect(await outcomes(idle, 'idle')).toBe('skipped');
});

test('messages before and behind the results are no part of them', () => {
  const part = { io_bytes: 1, bw_bytes: 1, total_ios: 1 };
  const jobs = [{ jobname: 'a', error: 84, read: part, write: part }];
  const text = `fio: pid=1, err=84/file:io_u.c\n${JSON.stringify({ jobs }, undefined, 2)}\nmore {}`;
  expect(fioEntries(text)).toMatchObject([{ jobname: 'a', error: 84 }]);
  expect(fioEntries('fio: there is no job')).toBeUndefined();
});
