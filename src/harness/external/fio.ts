import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { usageError } from '../../errors/failure.js';
import { fioEntries, fioFigures, type FioEntry } from '../../bench/fio-output.js';
import { locateProgram } from './locate.js';
import {
  howEnded,
  joinLines,
  lastLines,
  type ExternalProgram,
  type Outcome,
  type ProgramEnd,
} from './program.js';
import type { ExternalWish } from './wish.js';

const WANTED = { names: ['fio'], remedy: 'Install it (Debian: apt-get install fio)' };
const JOB_FILE = /\.fio$/;

/** Each job is one case. Without job files: {@link OWN_JOBS}. */
export async function fioPrograms({ path }: ExternalWish, seed: number): Promise<readonly ExternalProgram[]> {
  const facts = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path !== undefined && facts?.isDirectory() === true) return jobFolder(resolve(path), seed);
  if (path !== undefined && JOB_FILE.test(path)) {
    const fio = await locateProgram(undefined, WANTED);
    return [await jobFile(fio, resolve(path), basename(path), seed)];
  }
  const fio = await locateProgram(path, WANTED);
  return OWN_JOBS.map((job) => ownProgram(fio, job, seed));
}

interface OwnJob {
  readonly name: string;
  readonly says: string;
  readonly options: readonly string[];
}

const SIZE = '16m';

function written(name: string, order: 'write' | 'randwrite', blockSize: string, label: string): OwnJob {
  const where = order === 'write' ? 'in sequence' : 'at random places';
  return {
    name,
    says: `blocks of ${label} that were written ${where} have their checksums`,
    options: [`--rw=${order}`, `--bs=${blockSize}`],
  };
}

/** Larger than the smallest part of a multipart upload, and done by most mounts in a second. */
const OWN_JOBS: readonly OwnJob[] = [
  written('sequential-4KiB', 'write', '4k', '4 KiB'),
  written('sequential-64KiB', 'write', '64k', '64 KiB'),
  written('sequential-1MiB', 'write', '1m', '1 MiB'),
  written('random-4KiB', 'randwrite', '4k', '4 KiB'),
  written('random-64KiB', 'randwrite', '64k', '64 KiB'),
  written('random-1MiB', 'randwrite', '1m', '1 MiB'),
  {
    name: 'random-mixed-sizes',
    says: 'blocks of 4 KiB to 1 MiB that were written at random places have their checksums',
    options: ['--rw=randwrite', '--bsrange=4k-1m'],
  },
  {
    name: 'random-four-writers',
    says: 'blocks of 64 KiB that four processes wrote into a file each have their checksums',
    options: ['--rw=randwrite', '--bs=64k', '--numjobs=4'],
  },
];

/** The file is synced before it is read back, and its pages are dropped: fio's `do_verify` does both. */
function ownProgram(fio: string, { name, says, options }: OwnJob, seed: number): ExternalProgram {
  const verify = ['--verify=crc32c', '--do_verify=1', '--verify_fatal=1', '--verify_state_save=0'];
  const common = [`--size=${SIZE}`, '--end_fsync=1', '--fallocate=none', '--ioengine=psync'];
  const command = [fio, ...OUTPUT, `--randseed=${seed}`, `--name=${name}`, ...common, ...verify, ...options];
  const id = `fio/${name}`;
  const judge = (end: ProgramEnd) => judgeJob(end, name);
  return { cases: [{ id, group: 'fio', says }], command, seed, judge };
}

const OUTPUT = ['--output-format=json', '--directory=.'];

async function jobFolder(folder: string, seed: number): Promise<readonly ExternalProgram[]> {
  const fio = await locateProgram(undefined, WANTED);
  const names = (await readdir(folder, { recursive: true })).filter((name) => JOB_FILE.test(name)).sort();
  if (names.length === 0) {
    throw usageError(`There is no *.fio job file below ${folder}`, 'Name a folder that has some', folder);
  }
  return Promise.all(names.map((name) => jobFile(fio, join(folder, name), name, seed)));
}

/** A file is run whole: its jobs may need each other. */
async function jobFile(fio: string, file: string, name: string, seed: number): Promise<ExternalProgram> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw usageError(`${file} can not be read`, 'Name a job file of fio', file);
  refuseOwnPlace(text, file);
  const sections = [...text.matchAll(/^\s*\[([^\]]+)\]/gm)].map(([, section = '']) => section);
  const jobs = [...new Set(sections)].filter((section) => section !== 'global');
  if (jobs.length === 0) throw usageError(`${file} has no job`, 'A job begins with [its name]', file);
  const group = name.replace(JOB_FILE, '');
  return {
    cases: jobs.map((job) => ({ id: `${group}/${job}`, group, says: `the job ${job} of ${name} succeeds` })),
    command: [fio, ...OUTPUT, `--randseed=${seed}`, file],
    seed,
    judge: (end, id) => judgeJob(end, id.slice(group.length + 1)),
  };
}

/** With a folder of its own it would test that one, and say it of the target. */
function refuseOwnPlace(text: string, file: string): void {
  const [line] = /^\s*(?:directory|filename\s*=\s*\/|include\b).*$/m.exec(text) ?? [];
  if (line === undefined) return;
  throw usageError(
    `${file} says where its files are: ${line.trim()}`,
    'Leave out directory, absolute filenames and include: it is run inside the target',
    file,
  );
}

/** A job with several processes has several entries. */
function judgeJob(end: ProgramEnd, job: string): Outcome {
  const entries = fioEntries(end.stdout);
  if (entries === undefined) return failed(end, 'fio printed no results');
  const mine = entries.filter(({ jobname }) => jobname === job);
  if (mine.length === 0) return failed(end, `fio printed no result of the job ${job}`);
  const bad = mine.find(({ error }) => error !== 0);
  if (bad !== undefined) return failed(end, `The job ${job} ended with error ${bad.error}`);
  // Where another job failed, the exit code is about that one.
  const isMine = entries.every(({ error }) => error === 0);
  if (end.exitCode !== 0 && isMine) return failed(end, `The job ${job} tells of no error, but fio failed`);
  return judgeWork(mine);
}

function judgeWork(entries: readonly FioEntry[]): Outcome {
  const checks = entries.reduce((sum, { read, write }) => sum + read.total_ios + write.total_ios, 0);
  if (checks === 0) return { state: 'skipped', checks, reason: 'It did no reads and no writes' };
  return { state: 'passed', checks, note: fioFigures(entries) };
}

function failed(end: ProgramEnd, what: string): Outcome {
  const [said] = end.stdout.split(/^\{/m, 1);
  return {
    state: 'failed',
    reason: joinLines(what, lastLines(end.stderr, 6), lastLines(said ?? '', 4), howEnded(end)),
  };
}
