import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { CaseList, defineGroup, equal, type CaseContext } from '../../src/harness/api/index.js';

const group = new CaseList('posix', 'byte-matrix', {
  operations: ['create', 'lookup', 'readdir', 'unlink'],
  tier: 'full',
});

const AT_A_TIME = 32;
const SLASH = 0x2f;
const DOT = 0x2e;

/** Names with one byte: alone where that is a name, and between two letters. */
function namesWith(byte: number): readonly Buffer[] {
  const between = Buffer.from([0x61, byte, 0x62]);
  return byte === DOT ? [between] : [Buffer.from([byte]), between];
}

function pathOf(context: CaseContext, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${context.directory}/`), name]);
}

function sorted(names: readonly Buffer[]): readonly string[] {
  return names.map((name) => name.toString('hex')).sort();
}

function check(context: CaseContext, names: readonly Buffer[]): void {
  for (const name of names) {
    writeFileSync(pathOf(context, name), name.toString('hex'));
    equal(statSync(pathOf(context, name)).size, name.length * 2, `size of ${name.toString('hex')}`);
  }
  const listed = readdirSync(context.directory, { encoding: 'buffer' });
  equal(sorted(listed), sorted(names), 'names of the listing in hex');
  for (const name of names) {
    equal(
      readFileSync(pathOf(context, name), 'latin1'),
      name.toString('hex'),
      `content of ${name.toString('hex')}`,
    );
    unlinkSync(pathOf(context, name));
  }
  equal(readdirSync(context.directory), [], 'names left');
}

for (let first = 1; first < 256; first += AT_A_TIME) {
  const last = Math.min(255, first + AT_A_TIME - 1);
  const bytes = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
    (byte) => byte !== SLASH,
  );
  group.add(
    `names-with-bytes-${first}-to-${last}`,
    `names with each byte from ${first} to ${last}, alone and within, are made, listed byte for byte, read and removed`,
    (context) => {
      check(context, bytes.flatMap(namesWith));
      return Promise.resolve();
    },
    // Bytes above 127 are no UTF-8 here.
    { timeoutMs: 60_000, needs: last > 127 ? ['name-bytes'] : [] },
  );
}

const LENGTHS = [1, 2, 63, 64, 127, 128, 200, 239, 240, 241, 253, 254, 255];

group.add(
  'names-of-each-length',
  'files and directories with names up to 255 bytes are made, listed and removed; 256 bytes are too long',
  async (context) => {
    for (const length of LENGTHS) {
      const name = 'n'.repeat(length);
      writeFileSync(context.path(name), '');
      equal(readdirSync(context.directory), [name], `listing with a file name of ${length} bytes`);
      unlinkSync(context.path(name));
      mkdirSync(context.path(name));
      equal(statSync(context.path(name)).isDirectory(), true, `a directory name of ${length} bytes`);
      rmdirSync(context.path(name));
    }
    await context.expectErrno('ENAMETOOLONG', () => {
      writeFileSync(context.path('n'.repeat(256)), '');
    });
    equal(readdirSync(context.directory), [], 'names left');
  },
  { operations: ['create', 'mkdir', 'readdir', 'unlink', 'rmdir'] },
);

defineGroup(group);
