import { chmodSync, linkSync, lstatSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import {
  AT,
  CaseList,
  O_PATH,
  defineGroup,
  equal,
  ok,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { expectAnswers, withRaw } from './shared/answers.js';
import { O_RDWR, clockPast } from './shared/files.js';
import { KINDS } from './shared/kinds.js';

const group = new CaseList('posix', 'statx', { operations: ['stat'], tier: 'full' });

const { fdcwd } = AT;
/** statx(2), include/uapi/linux/stat.h. */
const MASK = { basic: 0x7ff, birth: 0x800, reserved: 0x8000_0000 } as const;
const SYNC = { force: 0x2000, never: 0x4000, both: 0x6000 } as const;
const RESULT_BYTES = 256;

/** The fields of struct statx that are compared. */
interface Statx {
  readonly mask: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly ino: bigint;
  readonly size: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthNs: bigint;
}

function statx({ sys }: CaseContext, at: number, path: string, flags = 0, mask: number = MASK.basic): Statx {
  const raw = Buffer.alloc(RESULT_BYTES);
  sys.call('statx', at, path, flags, mask, raw);
  const time = (offset: number): bigint =>
    raw.readBigInt64LE(offset) * 1_000_000_000n + BigInt(raw.readUInt32LE(offset + 8));
  return {
    mask: raw.readUInt32LE(0),
    nlink: raw.readUInt32LE(16),
    uid: raw.readUInt32LE(20),
    gid: raw.readUInt32LE(24),
    mode: raw.readUInt16LE(28),
    ino: raw.readBigUInt64LE(32),
    size: raw.readBigUInt64LE(40),
    atimeNs: time(64),
    birthNs: time(80),
    ctimeNs: time(96),
    mtimeNs: time(112),
  };
}

for (const kind of KINDS) {
  group.add(
    `fields-of-a-${kind.name}`,
    `statx(2) tells of a ${kind.name} what lstat(2) tells, whatever is asked of the cache`,
    (context) => {
      const path = context.path('it');
      kind.make(context, path, 'mark');
      const expected = lstatSync(path, { bigint: true });
      for (const flags of [0, SYNC.force, SYNC.never]) {
        const found = statx(context, fdcwd, path, flags | AT.symlinkNoFollow);
        const what = `with the flags 0x${flags.toString(16)}`;
        equal(found.mask & MASK.basic, MASK.basic, `answered fields ${what}`);
        equal(found.mode, Number(expected.mode), `mode ${what}`);
        equal([found.uid, found.gid], [Number(expected.uid), Number(expected.gid)], `owner ${what}`);
        equal(found.ino, expected.ino, `inode ${what}`);
        equal(found.nlink, Number(expected.nlink), `link count ${what}`);
        equal(found.size, expected.size, `size ${what}`);
        equal(
          [found.atimeNs, found.mtimeNs, found.ctimeNs],
          [expected.atimeNs, expected.mtimeNs, expected.ctimeNs],
          `times ${what}`,
        );
      }
    },
    { needs: kind.needs },
  );
}

group.add(
  'follows-and-not',
  'statx(2) follows a link, with AT_SYMLINK_NOFOLLOW it does not, with AT_EMPTY_PATH it takes the descriptor',
  (context) => {
    writeFileSync(context.path('file'), '12345');
    symlinkSync('file', context.path('link'));
    const file = lstatSync(context.path('file'), { bigint: true }).ino;
    const link = lstatSync(context.path('link'), { bigint: true }).ino;
    equal(statx(context, fdcwd, context.path('link')).ino, file, 'inode');
    equal(statx(context, fdcwd, context.path('link'), AT.symlinkNoFollow).ino, link, 'inode of the link');
    for (const flags of [O_RDWR, O_PATH]) {
      withRaw(context, context.path('file'), flags, (fd) => {
        equal(statx(context, fd, '', AT.emptyPath).ino, file, 'inode by the descriptor');
      });
    }
  },
  { needs: ['symlink'] },
);

group.add(
  'refusals',
  'statx(2) fails with EINVAL on reserved bits, ENOENT on no path, EBADF on no descriptor',
  (context) => {
    const { sys, path } = context;
    writeFileSync(path('file'), '');
    const ask = (at: number, name: string, flags: number, mask: number) => () =>
      sys.call('statx', at, name, flags, mask, Buffer.alloc(RESULT_BYTES));
    expectAnswers([
      ['a reserved bit of the mask', 'EINVAL', ask(fdcwd, path('file'), 0, MASK.reserved)],
      ['both kinds of synchronisation', 'EINVAL', ask(fdcwd, path('file'), SYNC.both, MASK.basic)],
      ['an unknown flag', 'EINVAL', ask(fdcwd, path('file'), 0x4000_0000, MASK.basic)],
      ['an empty path', 'ENOENT', ask(fdcwd, '', 0, MASK.basic)],
      ['a missing name', 'ENOENT', ask(fdcwd, path('missing'), 0, MASK.basic)],
      ['no descriptor', 'EBADF', ask(999_999, '', AT.emptyPath, MASK.basic)],
      ['nothing asked for', 'ok', ask(fdcwd, path('file'), 0, 0)],
    ]);
  },
);

group.add(
  'birth-time',
  'where statx(2) tells the time of birth, it is of the making of the file, and no later call moves it',
  async (context) => {
    const path = context.path('file');
    const birth = (name: string): bigint => statx(context, fdcwd, name, 0, MASK.basic | MASK.birth).birthNs;
    writeFileSync(path, 'content');
    const first = statx(context, fdcwd, path, 0, MASK.basic | MASK.birth);
    if ((first.mask & MASK.birth) === 0) context.skip('this file system tells no time of birth');
    ok(first.birthNs <= first.ctimeNs, `born at ${first.birthNs}, before its first ctime ${first.ctimeNs}`);
    await clockPast(context, first.ctimeNs);
    writeFileSync(path, 'more', { flag: 'a' });
    chmodSync(path, 0o600);
    context.sys.utimensat(path, { ns: 1n }, { ns: 1n });
    equal(birth(path), first.birthNs, 'time of birth after write, chmod and utimensat');
    renameSync(path, context.path('renamed'));
    equal(birth(context.path('renamed')), first.birthNs, 'time of birth after rename');
    writeFileSync(context.path('second'), '');
    ok(birth(context.path('second')) > first.birthNs, 'a later file is born later');
  },
);

group.add(
  'open-file',
  'statx(2) sees size and link count of an open file before it is closed',
  (context) => {
    withRaw(context, context.path('file'), O_RDWR | 0o100, (fd) => {
      context.sys.call('pwrite', fd, Buffer.from('12345'), 5, 1000);
      equal(statx(context, fdcwd, context.path('file')).size, 1005n, 'size by name');
      equal(statx(context, fd, '', AT.emptyPath).size, 1005n, 'size by descriptor');
      linkSync(context.path('file'), context.path('second'));
      equal(statx(context, fd, '', AT.emptyPath).nlink, 2, 'link count by descriptor');
      mkdirSync(context.path('directory'));
      renameSync(context.path('second'), context.path('directory', 'third'));
      equal(statx(context, fdcwd, context.path('directory', 'third')).size, 1005n, 'size by the third name');
    });
  },
  { needs: ['hard-link'] },
);

defineGroup(group);
