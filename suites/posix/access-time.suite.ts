import { constants } from 'node:fs';
import { lutimes, readFile, readdir, readlink, symlink, utimes } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, type CaseContext } from '../../src/harness/api/index.js';
import { linkStats, makeFile, makeOld, OLD_NS, stats, withFile } from './shared/files.js';

const group = new CaseList('posix', 'access-time', { operations: ['stat'] });
const HOUR_S = 3600;

/** Some machines mount their disks with noatime, which POSIX allows: nothing can be said there. */
async function needAccessTimes(context: CaseContext): Promise<void> {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  const holds = ([, mountPoint = '']: readonly string[]): boolean =>
    mountPoint !== '' &&
    `${context.directory}/`.startsWith(mountPoint.endsWith('/') ? mountPoint : `${mountPoint}/`);
  const own = lines.filter(holds).toSorted(([, a = ''], [, b = '']) => b.length - a.length)[0];
  if (own?.[3]?.split(',').includes('noatime') === true) context.skip('mounted with noatime');
}

group.add(
  'read-renews-an-old-one',
  'read(2) of a file whose time of access is not after its last change renews that time, and no other',
  async (context) => {
    await needAccessTimes(context);
    const path = await makeFile(context, 'file', 'content');
    await makeOld(path);
    const { ctimeNs } = await stats(path);
    await readFile(path);
    const after = await stats(path);
    ok(after.atimeNs > OLD_NS, 'atime is new');
    equal([after.mtimeNs, after.ctimeNs], [OLD_NS, ctimeNs], 'mtime and ctime');
  },
  { operations: ['read'] },
);

group.add(
  'no-renewal-with-o-noatime',
  'read(2) through a descriptor that was opened with O_NOATIME leaves the time of access',
  async (context) => {
    await needAccessTimes(context);
    const path = await makeFile(context, 'file', 'content');
    await makeOld(path);
    await withFile(path, constants.O_RDONLY | constants.O_NOATIME, async (handle) => {
      equal(await handle.readFile('utf8'), 'content', 'content');
    });
    equal((await stats(path)).atimeNs, OLD_NS, 'atime');
  },
  { operations: ['open', 'read'] },
);

group.add(
  'stat-leaves-it',
  'stat(2) and an open for writing leave the time of access',
  async (context) => {
    const path = await makeFile(context, 'file', 'content');
    await makeOld(path);
    await stats(path);
    await withFile(path, constants.O_WRONLY, async () => {});
    equal((await stats(path)).atimeNs, OLD_NS, 'atime');
  },
  { operations: ['open'] },
);

group.add(
  'readdir-renews-an-old-one',
  'readdir(3) renews a time of access that is not after the last change of the directory',
  async (context) => {
    await needAccessTimes(context);
    await makeFile(context, 'file');
    await makeOld(context.directory);
    await readdir(context.directory);
    ok((await stats(context.directory)).atimeNs > OLD_NS, 'atime is new');
  },
  { operations: ['readdir'] },
);

group.add(
  'readlink-renews-an-old-one',
  'readlink(2) renews a time of access that is not after the last change of the link',
  async (context) => {
    await needAccessTimes(context);
    const path = context.path('link');
    await symlink('target', path);
    await lutimes(path, HOUR_S, HOUR_S);
    await readlink(path);
    ok((await linkStats(path)).atimeNs > BigInt(HOUR_S) * 1_000_000_000n, 'atime is new');
  },
  { operations: ['readlink'], needs: ['symlink'] },
);

group.add(
  'kept-with-the-next-change',
  'a time of access that reading has renewed is still there when the mode changes',
  async (context) => {
    await needAccessTimes(context);
    const path = await makeFile(context, 'file', 'content');
    await makeOld(path);
    await readFile(path);
    const { atimeNs } = await stats(path);
    await withFile(path, 'r', async (handle) => {
      await handle.chmod(0o600);
    });
    ok(atimeNs > OLD_NS, 'atime is new');
    equal((await stats(path)).atimeNs, atimeNs, 'atime');
  },
  { operations: ['chmod'] },
);

group.add(
  'set-by-utimensat-to-the-future',
  'a time of access that utimensat(2) has set after the last change is told as it was set',
  async (context) => {
    const path = await makeFile(context, 'file', 'content');
    const later = Math.floor(Date.now() / 1000) + HOUR_S;
    await utimes(path, later, HOUR_S);
    equal((await stats(path)).atimeNs, BigInt(later) * 1_000_000_000n, 'atime');
  },
  { operations: ['utimensat'] },
);

defineGroup(group);
