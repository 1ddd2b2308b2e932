import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../../errors/failure.js';
import { deriveSeed } from '../../../random/random.js';
import { fioEntries } from '../../fio-output.js';
import { generateBytes } from '../../generate.js';
import type { DriverJob, ExpectedFile } from '../driver-protocol.js';
import type { FioShape } from '../fio-shape.js';
import { RIGHT, wrong, type Action } from './action.js';
import { tryProgram, type ProgramResult } from './program.js';

/**
 * fio writes new files, one for each job, syncs and closes them. The content is known without fio: it is compared with
 * the bucket.
 */
export function fioWrite(order: 'write' | 'randwrite'): Action {
  return {
    fixture: () => askForFio(),
    async run(job) {
      mkdirSync(join(job.directory, job.tag));
      const pattern = patternOf(job, job.tag);
      const once = ['--create_on_open=1', '--end_fsync=1', '--fallocate=none', '--do_verify=0'];
      const { elapsedMs, result } = await timeFio(job, job.tag, [
        `--rw=${order}`,
        ...once,
        ...verify(pattern),
      ]);
      refuseErrors(result);
      const check = () => Promise.resolve({ files: expectedFiles(job, pattern), gone: [] });
      return { bytes: job.amount, elapsedMs, check };
    },
    discard(job) {
      rmSync(join(job.directory, job.tag), { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

/** fio reads whole files, one for each job, and compares each block as it comes. */
export function fioRead(order: 'read' | 'randread'): Action {
  return {
    async fixture(job) {
      await askForFio();
      makeFiles(job);
    },
    async run(job) {
      const options = [`--rw=${order}`, '--allow_file_create=0', '--verify_fatal=1'];
      const pattern = patternOf(job, fixtureOf(job));
      const { elapsedMs, result } = await timeFio(job, fixtureOf(job), [...options, ...verify(pattern)]);
      const isWrong = fioEntries(result.stdout)?.some(({ error }) => error === WRONG_CONTENT) === true;
      if (!isWrong) refuseErrors(result);
      const check = () => Promise.resolve(isWrong ? wrong(`fio: ${lastLine(result)}`) : RIGHT);
      return { bytes: job.amount, elapsedMs, check };
    },
  };
}

/** EILSEQ: what fio ends with where a block is not what it should be. */
const WRONG_CONTENT = 84;

const FILE_NAME = 'job-$jobnum';
const SEED_BYTES = 8;

async function askForFio(): Promise<void> {
  const { exitCode } = await tryProgram('fio', ['--version']);
  if (exitCode === 0) return;
  throw new Failure('unsupported', 'fio is not installed', { remedy: 'Debian: apt-get install fio' });
}

/** fio starts in about a second, which is nobody's work: the clock starts when its first job is about to. */
async function timeFio(
  job: DriverJob,
  folder: string,
  options: readonly string[],
): Promise<{ readonly elapsedMs: number; readonly result: ProgramResult }> {
  const { blockBytes, jobs } = shapeOf(job);
  const cwd = join(job.localFolder, `fio-${job.tag}`);
  await mkdir(cwd);
  const common = [
    '--output-format=json',
    '--name=work',
    `--directory=${join(job.directory, folder)}`,
    `--filename_format=${FILE_NAME}`,
    '--ioengine=psync',
    `--bs=${blockBytes}`,
    `--numjobs=${jobs}`,
    `--size=${job.amount / jobs}`,
    `--randseed=${deriveSeed(job.seed, job.tag)}`,
    '--exec_prerun=date +%s%N | tee -a starts',
  ];
  try {
    const result = await tryProgram('fio', [...common, ...options], { cwd });
    const endedMs = Date.now();
    const starts = await readFile(join(cwd, 'starts'), 'utf8').catch(() => '');
    const startedMs = Math.min(
      ...starts
        .trim()
        .split('\n')
        .map((line) => Number(line) / 1e6),
    );
    if (!(startedMs > 0)) throw failureOf(result);
    return { elapsedMs: endedMs - startedMs, result };
  } finally {
    await rm(cwd, { recursive: true });
  }
}

/** A block is its run's pattern and its own offset, over and over: none can stand for another. */
function verify(pattern: Buffer): readonly string[] {
  return ['--verify=pattern', `--verify_pattern=0x${pattern.toString('hex')}%o`, '--verify_state_save=0'];
}

function patternOf(job: DriverJob, name: string): Buffer {
  const pattern = generateBytes(deriveSeed(job.seed, `fio ${name}`), SEED_BYTES);
  // Not all zeros, whatever the seed: a hole must be seen.
  pattern[0] = 0x80 | (pattern[0] ?? 0);
  return pattern;
}

function* blocksOf(job: DriverJob, pattern: Buffer): Generator<Buffer> {
  const { blockBytes, jobs } = shapeOf(job);
  const unit = Buffer.alloc(2 * SEED_BYTES);
  pattern.copy(unit);
  for (let offset = 0; offset < job.amount / jobs; offset += blockBytes) {
    unit.writeBigUInt64LE(BigInt(offset), SEED_BYTES);
    yield Buffer.alloc(blockBytes, unit);
  }
}

/** All jobs write the same content. */
function expectedFiles(job: DriverJob, pattern: Buffer): ExpectedFile[] {
  const { jobs } = shapeOf(job);
  const hash = createHash('sha256');
  for (const block of blocksOf(job, pattern)) hash.update(block);
  const sha256 = hash.digest('hex');
  const sizeBytes = job.amount / jobs;
  return Array.from({ length: jobs }, (_, index) => ({
    path: `${job.tag}/${fileName(index)}`,
    sizeBytes,
    sha256,
  }));
}

function makeFiles(job: DriverJob): void {
  const folder = fixtureOf(job);
  mkdirSync(join(job.directory, folder), { recursive: true });
  for (let index = 0; index < shapeOf(job).jobs; index += 1) {
    const file = openSync(join(job.directory, folder, fileName(index)), 'wx');
    try {
      for (const block of blocksOf(job, patternOf(job, folder))) writeSync(file, block);
    } finally {
      closeSync(file);
    }
  }
}

function fileName(index: number): string {
  return FILE_NAME.replace('$jobnum', `${index}`);
}

function fixtureOf(job: DriverJob): string {
  const { blockBytes, jobs } = shapeOf(job);
  return join('fixtures', `${job.workload}-${blockBytes}-${jobs}`);
}

function shapeOf({ fio, workload }: DriverJob): FioShape {
  if (fio === undefined) throw new Failure('internal', `The workload ${workload} has no shape`);
  return fio;
}

function refuseErrors(result: ProgramResult): void {
  const entries = fioEntries(result.stdout) ?? [];
  const isDone = entries.length > 0 && entries.every(({ error }) => error === 0);
  if (result.exitCode !== 0 || !isDone) throw failureOf(result);
}

function failureOf(result: ProgramResult): Failure {
  return new Failure('unsupported', `fio failed: ${lastLine(result)}`);
}

function lastLine({ stdout, stderr }: ProgramResult): string {
  const [said = ''] = stdout.split(/^\{/m, 1);
  const lines = `${said}\n${stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '' && !/ : Saving output/.test(line));
  return lines.slice(-2).join(' ').slice(0, 300);
}
