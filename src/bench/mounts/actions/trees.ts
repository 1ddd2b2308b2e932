import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { generateBytes } from '../../generate.js';
import { deriveSeed } from '../../../random/random.js';
import type { DriverJob, ExpectedFile } from '../driver-protocol.js';
import { RIGHT, wrong, type Action } from './action.js';
import { runProgram } from './program.js';
import { archivePath, prepareSources, sourceFiles } from './sources.js';

const SMALL_BYTES = 4096;
const FILES_PER_DIRECTORY = 100;
/** Preparation is not timed, and slow targets make a file in tens of milliseconds. */
const PARALLEL_PREPARATION = 16;
/** Files of a run that are read back from the bucket; all of them would take longer than the run. */
const MOST_COMPARED = 16;

/** open(2), write(2), close(2) of one file after another in a new directory. */
export const create: Action = {
  run(job, startClock) {
    const directory = join(job.directory, job.tag);
    const contents = Array.from({ length: job.amount }, (_, index) => smallContent(job, index));
    startClock();
    mkdirSync(directory);
    contents.forEach((content, index) => {
      const file = openSync(join(directory, fileName(index)), 'wx');
      try {
        writeSync(file, content);
      } finally {
        closeSync(file);
      }
    });
    const check = () => {
      const files = contents.map((content, index) => expected(`${job.tag}/${fileName(index)}`, content));
      return Promise.resolve({ ...countCheck(directory, job.amount), files: spread(files) });
    };
    return Promise.resolve({ bytes: job.amount * SMALL_BYTES, check });
  },
  discard: removeTag,
};

/** `ls -l` of one directory: names and attributes. */
export const list: Action = {
  async fixture(job) {
    await fill(
      job,
      Array.from({ length: job.amount }, (_, index) => join('list', fileName(index))),
    );
  },
  async run(job, startClock) {
    startClock();
    const output = await runProgram('ls', ['-l', join(job.directory, 'list')]);
    return { bytes: 0, check: () => Promise.resolve(countLines(output, job.amount + 1, 'ls')) };
  },
};

/** `find` over directories of 100 files: names only. */
export const find: Action = {
  async fixture(job) {
    await fill(
      job,
      Array.from({ length: job.amount }, (_, index) => treeName('find', index)),
    );
  },
  async run(job, startClock) {
    startClock();
    const output = await runProgram('find', [join(job.directory, 'find')]);
    const directories = 1 + Math.ceil(job.amount / FILES_PER_DIRECTORY);
    return { bytes: 0, check: () => Promise.resolve(countLines(output, job.amount + directories, 'find')) };
  },
};

/** `tar -x` of an archive on the local disk. */
export const untar: Action = {
  prepare: (job) => prepareSources(job),
  async run(job, startClock) {
    startClock();
    mkdirSync(join(job.directory, job.tag));
    await runProgram('tar', ['-xf', archivePath(job), '-C', join(job.directory, job.tag)]);
    const check = async () => {
      const files = await Promise.all(
        spread(await sourceFiles(job)).map(async ({ name, path }) =>
          expected(`${job.tag}/${name}`, await readFile(path)),
        ),
      );
      return { files, gone: [] };
    };
    return { bytes: 0, check };
  },
  discard: removeTag,
};

/** `rm -r` of a tree that was just made. */
export const remove: Action = {
  async prepare(job) {
    await fill(
      job,
      Array.from({ length: job.amount }, (_, index) => treeName(job.tag, index)),
    );
  },
  async run(job, startClock) {
    startClock();
    await runProgram('rm', ['-r', join(job.directory, job.tag)]);
    const check = () =>
      Promise.resolve({
        ...(existsSync(join(job.directory, job.tag)) ? wrong('the tree is still there') : RIGHT),
        gone: [job.tag],
      });
    return { bytes: 0, check };
  },
};

async function fill(job: DriverJob, names: readonly string[]): Promise<void> {
  const limit = pLimit(PARALLEL_PREPARATION);
  for (const folder of new Set(names.map((name) => dirname(name)))) {
    await mkdir(join(job.directory, folder), { recursive: true });
  }
  const writes = names.map((name, index) =>
    limit(() => writeFile(join(job.directory, name), smallContent(job, index), { flag: 'wx' })),
  );
  await Promise.all(writes);
}

function removeTag(job: DriverJob): Promise<void> {
  rmSync(join(job.directory, job.tag), { recursive: true, force: true });
  return Promise.resolve();
}

function treeName(root: string, index: number): string {
  const folder = Math.floor(index / FILES_PER_DIRECTORY);
  return join(root, `d${String(folder).padStart(4, '0')}`, fileName(index));
}

function fileName(index: number): string {
  return `file-${String(index).padStart(6, '0')}.txt`;
}

function smallContent(job: DriverJob, index: number): Buffer {
  return generateBytes(deriveSeed(job.seed, `${job.tag} ${index}`), SMALL_BYTES);
}

function countCheck(directory: string, count: number) {
  const found = readdirSync(directory).length;
  return found === count ? RIGHT : wrong(`${found} of ${count} names are in the directory`);
}

function countLines(output: string, count: number, program: string) {
  const lines = output.split('\n').filter((line) => line !== '').length;
  return lines === count ? RIGHT : wrong(`${program} printed ${lines} lines instead of ${count}`);
}

function expected(path: string, content: Buffer): ExpectedFile {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { path, sizeBytes: content.length, sha256 };
}

/** At most {@link MOST_COMPARED}, from all over the list. */
function spread<T>(items: readonly T[]): T[] {
  const step = Math.max(1, Math.ceil(items.length / MOST_COMPARED));
  return items.filter((_, index) => index % step === 0);
}
