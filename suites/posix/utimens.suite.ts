import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, type TimeSpec } from '../../src/harness/api/index.js';
import { clockPast, linkStats, makeFile, makeOld, OLD_NS, stats, withFile } from './shared/files.js';
import { asNobody } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'utimens', { operations: ['utimens'] });

const SECOND = 1_000_000_000n;
const instants: readonly (readonly [string, bigint])[] = [
  ['the-epoch', 0n],
  ['one-nanosecond-after-the-epoch', 1n],
  ['one-nanosecond-before-the-epoch', -1n],
  ['whole-seconds-before-1970', -86_400n * SECOND],
  ['1915-with-nanoseconds', -1_727_136_001n * SECOND + 123_456_789n],
  ['all-nine-digits', 1_234_567_890n * SECOND + 987_654_321n],
  ['the-last-nanosecond-of-a-second', 1_700_000_000n * SECOND + 999_999_999n],
  ['the-last-second-of-31-bits', 2_147_483_647n * SECOND + 1n],
  ['one-second-after-2038', 2_147_483_648n * SECOND + 5n],
  ['the-year-2106', 4_294_967_296n * SECOND + 42n],
  ['the-year-2400', 13_569_465_600n * SECOND + 7n],
];
for (const [name, ns] of instants) {
  group.add(
    `keeps-${name}`,
    `utimensat(2) keeps ${name.replaceAll('-', ' ')} as mtime to the nanosecond, and another atime`,
    async (context) => {
      const file = await makeFile(context, 'file', 'x');
      context.sys.utimensat(file, { ns: OLD_NS + 3n }, { ns });
      const status = await stats(file);
      equal(status.mtimeNs, ns, 'mtime');
      equal(status.atimeNs, OLD_NS + 3n, 'atime');
    },
  );
}

group.add('directory', 'utimensat(2) sets the times of a directory to the nanosecond', async (context) => {
  await mkdir(context.path('a'));
  context.sys.utimensat(context.path('a'), { ns: 1n }, { ns: OLD_NS + 9n });
  equal((await stats(context.path('a'))).mtimeNs, OLD_NS + 9n, 'mtime');
});

const special: readonly (readonly [string, TimeSpec, TimeSpec, 'old' | 'new', 'old' | 'new'])[] = [
  ['now-and-now', 'now', 'now', 'new', 'new'],
  ['now-and-omit', 'now', 'omit', 'new', 'old'],
  ['omit-and-now', 'omit', 'now', 'old', 'new'],
  ['omit-and-omit', 'omit', 'omit', 'old', 'old'],
];
for (const [name, atime, mtime, atimeIs, mtimeIs] of special) {
  group.add(
    name,
    `utimensat(2) with ${name.replaceAll('-', ' ').toUpperCase().replace(' AND ', ' for atime and ')} for mtime does that`,
    async (context) => {
      const file = await makeFile(context, 'file', 'x');
      await makeOld(file);
      context.sys.utimensat(file, atime, mtime);
      const status = await stats(file);
      equal(status.atimeNs > OLD_NS ? 'new' : 'old', atimeIs, 'atime');
      equal(status.mtimeNs > OLD_NS ? 'new' : 'old', mtimeIs, 'mtime');
    },
  );
}

group.add(
  'omit-leaves-nanoseconds',
  'UTIME_OMIT leaves the other time to the nanosecond',
  async (context) => {
    const file = await makeFile(context, 'file', 'x');
    context.sys.utimensat(file, { ns: 111n }, { ns: OLD_NS + 222n });
    context.sys.utimensat(file, { ns: 333n }, 'omit');
    const status = await stats(file);
    equal([status.atimeNs, status.mtimeNs], [333n, OLD_NS + 222n], 'atime and mtime');
  },
);

group.add(
  'symlink-itself',
  'utimensat(2) with AT_SYMLINK_NOFOLLOW sets the times of the link and not of its target',
  async (context) => {
    const file = await makeFile(context, 'file', 'x');
    await makeOld(file);
    await symlink('file', context.path('link'));
    context.sys.utimensat(context.path('link'), { ns: 5n }, { ns: OLD_NS + 777n }, { noFollow: true });
    equal((await linkStats(context.path('link'))).mtimeNs, OLD_NS + 777n, 'mtime of the link');
    equal((await stats(file)).mtimeNs, OLD_NS, 'mtime of the target');
  },
  { needs: ['symlink'] },
);

group.add(
  'follows-a-symlink',
  'utimensat(2) on a symbolic link sets the times of its target',
  async (context) => {
    const file = await makeFile(context, 'file', 'x');
    await symlink('file', context.path('link'));
    context.sys.utimensat(context.path('link'), { ns: 5n }, { ns: 6n });
    equal((await stats(file)).mtimeNs, 6n, 'mtime of the target');
  },
  { needs: ['symlink'] },
);

group.add(
  'by-descriptor',
  'futimens(3) sets the times by a descriptor',
  async (context) => {
    const file = await makeFile(context, 'file', 'x');
    await withFile(file, 'r+', (handle) => handle.utimes(5, 1_000_000_000));
    const status = await stats(file);
    equal([status.atimeNs, status.mtimeNs], [5n * SECOND, OLD_NS], 'atime and mtime');
  },
  { operations: ['futimens'] },
);

group.add(
  'while-dirty-survives-close',
  'futimens(3) after write and before close is what stays',
  async (context) => {
    await withFile(context.path('file'), 'w', async (handle) => {
      await handle.write('content');
      await handle.utimes(5, 1_000_000_000);
    });
    const status = await stats(context.path('file'));
    equal([status.mtimeNs, status.size], [OLD_NS, 7n], 'mtime and size');
  },
  { operations: ['futimens', 'close'] },
);

group.add('write-after-it-counts', 'write(2) after utimensat(2) updates mtime again', async (context) => {
  const file = await makeFile(context, 'file', 'x');
  await makeOld(file);
  await writeFile(file, 'more');
  ok((await stats(file)).mtimeNs > OLD_NS, 'mtime is newer than before');
});

group.add('updates-ctime', 'utimensat(2) updates ctime', async (context) => {
  const file = await makeFile(context, 'file', 'x');
  const before = await stats(file);
  await clockPast(context, before.ctimeNs);
  context.sys.utimensat(file, { ns: 1n }, { ns: 1n });
  ok((await stats(file)).ctimeNs > before.ctimeNs, 'ctime is newer than before');
});

group.add(
  'eperm-for-another-user',
  'utimensat(2) with a given time fails with EPERM for a user who does not own the file',
  async (context) => {
    const file = await makeFile(context, 'file', 'x');
    await chmod(file, 0o666);
    equal(await asNobody(context, ['utimes', file, 1, 1]), ['EPERM'], 'errno of utimensat');
  },
  { needs: ['root'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'utimens',
    operation: 'utimens',
    call: (path, context) => {
      context.sys.utimensat(path, 'now', 'now');
    },
    asUser: (path) => ['utimes', path, 1, 1],
  }),
);

defineGroup(group);
