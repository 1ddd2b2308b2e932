import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../errors/failure.js';
import { statx } from '../../../libc/libc.js';
import type { DriverJob } from '../driver-protocol.js';
import { RIGHT, wrong, type Action } from './action.js';

const FILE_BYTES = 4096;
const AT_FDCWD = -100;
/** The kernel asks the file system, however young its own attributes are (statx(2)). */
const AT_STATX_FORCE_SYNC = 0x2000;
/** What stat(2) tells. */
const STATX_BASIC_STATS = 0x7ff;
const STATX_BYTES = 256;
const STX_SIZE_AT = 40;

/** statx(2) with AT_STATX_FORCE_SYNC of one file, again and again: what a call costs that needs no S3. */
export const stat: Action = {
  fixture(job) {
    mkdirSync(join(job.directory, 'fixtures'), { recursive: true });
    writeFileSync(pathOf(job), Buffer.alloc(FILE_BYTES, 1), { flag: 'wx' });
    return Promise.resolve();
  },
  run(job, startClock) {
    const path = pathOf(job);
    const answer = Buffer.alloc(STATX_BYTES);
    const ask = (): void => {
      if (statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, answer) === 0) return;
      throw new Failure('internal', `${path}: statx failed`, { subject: path });
    };
    ask();
    answer.fill(0);
    startClock();
    for (let count = 0; count < job.amount; count += 1) ask();
    const sizeBytes = Number(answer.readBigUInt64LE(STX_SIZE_AT));
    const check = () => Promise.resolve(sizeBytes === FILE_BYTES ? RIGHT : wrong(`a size of ${sizeBytes}`));
    return Promise.resolve({ bytes: 0, check });
  },
};

function pathOf(job: DriverJob): string {
  return join(job.directory, 'fixtures', 'stat.bin');
}
