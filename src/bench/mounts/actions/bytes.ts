import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { generateBytes } from '../../generate.js';
import { createRandom, deriveSeed, randomBelow } from '../../../random/random.js';
import type { DriverJob } from '../driver-protocol.js';
import { RANDOM_FILE_BYTES } from '../workloads.js';
import { RIGHT, wrong, type Action } from './action.js';

const MIB = 1024 * 1024;
/** What cp and dd bs=1M ask the kernel for. */
const CALL_BYTES = MIB;
const RANDOM_BYTES = 4096;

/** write(2) in calls of 1 MiB, fsync(2), close(2). */
export const write: Action = {
  run(job, startClock) {
    const content = contentOf(job);
    startClock();
    const file = openSync(join(job.directory, job.tag), 'wx');
    try {
      writeAll(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    const check = () =>
      Promise.resolve({
        files: [{ path: job.tag, sizeBytes: content.length, sha256: sha256(content) }],
        gone: [],
      });
    return Promise.resolve({ bytes: content.length, check });
  },
  discard(job) {
    rmSync(join(job.directory, job.tag), { force: true });
    return Promise.resolve();
  },
};

/** read(2) in calls of 1 MiB to the end, into memory that is there already. */
export const read: Action = {
  fixture: (job) => makeFile(job, 'read', job.amount),
  run: (job, startClock) => readWhole(job, 'read', startClock),
};

/** {@link read} of a file that was read once before. */
export const reread: Action = {
  fixture: (job) => makeFile(job, 'reread', job.amount),
  async prepare(job) {
    await readWhole(job, 'reread', () => undefined);
  },
  run: (job, startClock) => readWhole(job, 'reread', startClock),
};

/** pread(2) of 4 KiB at places that the seed chooses, one after another. */
export const randomRead: Action = {
  fixture: (job) => makeFile(job, 'random-read', RANDOM_FILE_BYTES),
  run(job, startClock) {
    const random = createRandom(deriveSeed(job.seed, job.tag));
    const blocks = RANDOM_FILE_BYTES / RANDOM_BYTES;
    const places = Array.from({ length: job.amount }, () => randomBelow(random, blocks) * RANDOM_BYTES);
    const buffer = Buffer.alloc(job.amount * RANDOM_BYTES, 1);
    startClock();
    const file = openSync(fixturePath(job, 'random-read'), 'r');
    try {
      places.forEach((place, index) => {
        readSync(file, buffer, index * RANDOM_BYTES, RANDOM_BYTES, place);
      });
    } finally {
      closeSync(file);
    }
    const check = () => {
      const expected = generateBytes(fixtureSeed(job, 'random-read'), RANDOM_FILE_BYTES);
      const wrongAt = places.findIndex(
        (place, index) =>
          expected.compare(
            buffer,
            index * RANDOM_BYTES,
            (index + 1) * RANDOM_BYTES,
            place,
            place + RANDOM_BYTES,
          ) !== 0,
      );
      return Promise.resolve(wrongAt < 0 ? RIGHT : wrong(`other bytes at ${String(places[wrongAt])}`));
    };
    return Promise.resolve({ bytes: buffer.length, check });
  },
};

function readWhole(job: DriverJob, name: string, startClock: () => void) {
  const buffer = Buffer.alloc(job.amount, 1);
  startClock();
  const file = openSync(fixturePath(job, name), 'r');
  let done = 0;
  try {
    while (done < buffer.length) {
      const got = readSync(file, buffer, done, Math.min(CALL_BYTES, buffer.length - done), null);
      if (got === 0) break;
      done += got;
    }
  } finally {
    closeSync(file);
  }
  const check = () => {
    if (done !== job.amount) return Promise.resolve(wrong(`${done} of ${job.amount} bytes were read`));
    const expected = sha256(generateBytes(fixtureSeed(job, name), job.amount));
    return Promise.resolve(sha256(buffer) === expected ? RIGHT : wrong('other bytes were read'));
  };
  return Promise.resolve({ bytes: done, check });
}

const FIXTURES = 'fixtures';

function fixturePath(job: DriverJob, name: string): string {
  return join(job.directory, FIXTURES, `${name}.bin`);
}

function fixtureSeed(job: DriverJob, name: string): number {
  return deriveSeed(job.seed, `fixture ${name}`);
}

async function makeFile(job: DriverJob, name: string, sizeBytes: number): Promise<void> {
  await mkdir(join(job.directory, FIXTURES), { recursive: true });
  const file = openSync(fixturePath(job, name), 'wx');
  try {
    writeAll(file, generateBytes(fixtureSeed(job, name), sizeBytes));
  } finally {
    closeSync(file);
  }
}

function contentOf(job: DriverJob): Buffer {
  return generateBytes(deriveSeed(job.seed, job.tag), job.amount);
}

function writeAll(file: number, content: Buffer): void {
  for (let start = 0; start < content.length; start += CALL_BYTES) {
    writeSync(file, content, start, Math.min(CALL_BYTES, content.length - start));
  }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
