import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DriverJob } from '../driver-protocol.js';
import { fioRead, fioWrite } from './fio.js';
import { tryProgram } from './program.js';

const hasFio = (await tryProgram('fio', ['--version'])).exitCode === 0;
const testFio = hasFio ? test : test.skip;
const needs = hasFio ? '' : ' (skipped: needs fio)';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
  await mkdir(join(folder, 'target'));
  await mkdir(join(folder, 'local'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function jobOf(workload: DriverJob['workload'], tag: string): DriverJob {
  const places = { directory: join(folder, 'target'), localFolder: join(folder, 'local') };
  return { workload, amount: 65_536, fio: { blockBytes: 8192, jobs: 2 }, ...places, seed: 3, tag };
}

const noClock = () => undefined;

testFio(`what fio wrote has the digests that were worked out without it${needs}`, async () => {
  const action = fioWrite('randwrite');
  const job = jobOf('fio-rand-write', 'run');
  const timed = await action.run(job, noClock);
  expect(timed.bytes).toBe(65_536);
  expect(timed.elapsedMs).toBeGreaterThan(0);
  const { files } = await timed.check();
  const written = await Promise.all(
    files.map(async ({ path }) => {
      const content = await readFile(join(job.directory, path));
      return { path, sizeBytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    }),
  );
  expect(written.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
    ['run/job-0', 32_768],
    ['run/job-1', 32_768],
  ]);
  expect(files).toEqual(written);
  await action.discard?.(job);
  expect(await readdir(job.directory)).toEqual([]);
  expect(await readdir(job.localFolder)).toEqual([]);
});

testFio(`fio sees the right bytes, a changed one, and a file that is not there${needs}`, async () => {
  const action = fioRead('randread');
  const job = jobOf('fio-rand-read', 'run');
  await action.fixture?.(job);
  const check = async () => (await (await action.run(job, noClock)).check()).problem;
  expect(await check()).toBeUndefined();
  const fixture = join(job.directory, 'fixtures', 'fio-rand-read-8192-2');
  const file = await open(join(fixture, 'job-1'), 'r+');
  await file.write('X', 20_000);
  await file.close();
  expect(await check()).toMatch(/^fio: /);
  await rm(join(fixture, 'job-1'));
  await expect(action.run(job, noClock)).rejects.toMatchObject({ kind: 'unsupported' });
});

test('an absent fio is told before anything is written', async () => {
  const { PATH } = process.env;
  process.env['PATH'] = join(folder, 'nothing');
  try {
    for (const action of [fioRead('read'), fioWrite('write')]) {
      await expect(action.fixture?.(jobOf('fio-seq-read', 'run'))).rejects.toThrow('fio is not installed');
    }
  } finally {
    process.env['PATH'] = PATH;
  }
  expect(await readdir(join(folder, 'target'))).toEqual([]);
});
