import { chmodSync, mkdirSync, openSync, closeSync, statSync, writeFileSync } from 'node:fs';
import { CaseList, defineGroup, equal } from '../../src/harness/api/index.js';
import { O_CREAT, O_EXCL, O_WRONLY } from './shared/files.js';

const group = new CaseList('posix', 'mode-matrix', { operations: ['chmod'], tier: 'full' });

const BITS = Array.from({ length: 12 }, (_, bit) => 1 << bit);
/** Each bit alone, each without its like, all and none. */
const MODES = [
  0,
  0o7777,
  ...BITS,
  ...BITS.map((bit) => 0o7777 & ~bit),
  0o755,
  0o644,
  0o600,
  0o1777,
  0o2775,
  0o4711,
];

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

for (const kind of ['file', 'directory'] as const) {
  group.add(
    `chmod-of-a-${kind}`,
    `chmod(2) by root sets each of the twelve bits of a ${kind}, alone and with the others`,
    (context) => {
      const path = context.path(kind);
      if (kind === 'file') writeFileSync(path, '');
      else mkdirSync(path);
      for (const mode of MODES) {
        chmodSync(path, mode);
        equal(modeOf(path), mode.toString(8), `mode after chmod to ${mode.toString(8)}`);
      }
      return Promise.resolve();
    },
    { needs: ['root'] },
  );
}

const masks = [0, 0o002, 0o022, 0o027, 0o077, 0o111, 0o222, 0o777];
const wanted = [0o777, 0o666, 0o644, 0o600, 0o751];

for (const mask of masks) {
  group.add(
    `umask-${mask.toString(8).padStart(3, '0')}`,
    `open(2), mkdir(2) and mknod(2) leave out the bits of the umask ${mask.toString(8).padStart(3, '0')}`,
    (context) => {
      const before = process.umask(mask);
      try {
        for (const mode of wanted) {
          const name = mode.toString(8);
          const expected = (mode & ~mask).toString(8);
          closeSync(openSync(context.path(`file-${name}`), O_WRONLY | O_CREAT | O_EXCL, mode));
          mkdirSync(context.path(`directory-${name}`), mode);
          context.sys.mknod(context.path(`fifo-${name}`), 0o010000 | mode, 0);
          for (const kind of ['file', 'directory', 'fifo']) {
            equal(
              modeOf(context.path(`${kind}-${name}`)),
              expected,
              `mode of the ${kind} that was made with ${name}`,
            );
          }
        }
      } finally {
        process.umask(before);
      }
      return Promise.resolve();
    },
    { operations: ['create', 'mkdir', 'mknod'], needs: ['mknod'] },
  );
}

defineGroup(group);
