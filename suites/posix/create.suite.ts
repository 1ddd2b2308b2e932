import { chmod, chown, mkdir, open, readFile, readdir, unlink, writeFile } from 'node:fs/promises';
import { CaseList, NOBODY, callsAsUser, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import {
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  makeFile,
  makeOld,
  OLD_NS,
  openAndClose,
  permissions,
  stats,
  withFile,
} from './shared/files.js';
import { asNobody } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'create', { operations: ['create'] });

group.add(
  'makes-an-empty-file',
  'open(2) with O_CREAT makes an empty regular file with one link',
  async (context) => {
    await openAndClose(context.path('file'), O_WRONLY | O_CREAT, 0o644);
    const status = await stats(context.path('file'));
    ok(status.isFile(), 'it is a regular file');
    equal([status.size, status.nlink], [0n, 1n], 'size and link count');
    equal(await readdir(context.directory), ['file'], 'names');
  },
);

group.add(
  'shows-at-once',
  'a new file is seen by name, with its size, before it is closed',
  async (context) => {
    await withFile(context.path('file'), 'wx', async (handle) => {
      equal(await readdir(context.directory), ['file'], 'names');
      await handle.write('12345');
      equal((await stats(context.path('file'))).size, 5n, 'size by name');
      equal(await readFile(context.path('file'), 'utf8'), '12345', 'content by name');
    });
  },
);

group.add(
  'for-reading-only',
  'open(2) with O_CREAT makes a file that is opened for reading only',
  async (context) => {
    await openAndClose(context.path('file'), O_RDONLY | O_CREAT, 0o644);
    equal((await stats(context.path('file'))).size, 0n, 'size');
  },
);

group.add(
  'mode-0-is-writable-by-its-descriptor',
  'the descriptor of a file made with mode 0 can write',
  async (context) => {
    await withFile(context.path('file'), O_RDWR | O_CREAT, (handle) => handle.write('content'), 0);
    const status = await stats(context.path('file'));
    equal([permissions(status), status.size], [0, 7n], 'permission bits and size');
  },
);

for (const mode of [0o600, 0o640, 0o755, 0o400]) {
  group.add(
    `mode-${mode.toString(8)}`,
    `open(2) with O_CREAT makes a file of mode ${mode.toString(8)}`,
    async (context) => {
      await openAndClose(context.path('file'), O_WRONLY | O_CREAT, mode);
      equal(permissions(await stats(context.path('file'))), mode, 'permission bits');
    },
  );
}

group.add(
  'applies-the-umask',
  'open(2) with O_CREAT takes the bits of the umask out of the mode',
  async (context) => {
    await callsAsUser([['open', context.path('file'), 'w', 0o666]], {
      uid: 0,
      gid: 0,
      signal: context.signal,
    });
    equal(permissions(await stats(context.path('file'))), 0o644, 'permission bits with umask 022');
  },
  { needs: ['root'] },
);

group.add(
  'owner-is-the-caller',
  'open(2) with O_CREAT gives the file to the caller',
  async (context) => {
    await chmod(context.directory, 0o777);
    equal(await asNobody(context, ['open', context.path('file'), 'w']), ['ok'], 'answer of open');
    const status = await stats(context.path('file'));
    equal([status.uid, status.gid], [BigInt(NOBODY), BigInt(NOBODY)], 'owner and group');
  },
  { needs: ['root'] },
);

group.add(
  'inherits-the-group-of-a-set-group-id-parent',
  'a file made in a set-group-ID directory has the group of the directory',
  async (context) => {
    await mkdir(context.path('parent'));
    await chown(context.path('parent'), 0, 4321);
    await chmod(context.path('parent'), 0o2755);
    await makeFile(context, 'parent/file');
    equal((await stats(context.path('parent', 'file'))).gid, 4321n, 'group');
  },
  { needs: ['root', 'chown'] },
);

group.add(
  'times-are-now',
  'a new file has atime, mtime and ctime of now, and its parent a new mtime',
  async (context) => {
    await mkdir(context.path('parent'));
    await makeOld(context.path('parent'));
    await makeFile(context, 'parent/file');
    const status = await stats(context.path('parent', 'file'));
    const wideNs = 300_000_000_000n;
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    for (const [name, time] of [
      ['atime', status.atimeNs],
      ['mtime', status.mtimeNs],
      ['ctime', status.ctimeNs],
    ] as const) {
      ok(time > nowNs - wideNs && time < nowNs + wideNs, `${name} is within five minutes of now`);
    }
    ok((await stats(context.path('parent'))).mtimeNs > OLD_NS, 'mtime of the parent is newer than before');
  },
);

group.add(
  'eacces-without-write-permission-on-the-parent',
  'open(2) with O_CREAT fails with EACCES for another user who may not write to the parent',
  async (context) => {
    equal(await asNobody(context, ['open', context.path('file'), 'w']), ['EACCES'], 'errno of open');
  },
  { needs: ['root'] },
);

group.add(
  'eisdir-with-a-trailing-slash',
  'open(2) with O_CREAT of a new name with a trailing slash fails with EISDIR',
  (context) => context.expectErrno('EISDIR', () => open(`${context.path('new')}/`, O_WRONLY | O_CREAT)),
);

group.add(
  'one-of-ten-exclusive-wins',
  'of ten exclusive creations of one name at once exactly one succeeds',
  async (context) => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        writeFile(context.path('lock'), String(index), { flag: 'wx' }),
      ),
    );
    equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1, 'count of successes');
    equal((await stats(context.path('lock'))).size, 1n, 'size');
  },
);

group.add(
  'again-after-unlink',
  'a name can be made, removed and made again, each time empty',
  async (context) => {
    for (let round = 0; round < 5; round += 1) {
      const file = await makeFile(context, 'file');
      equal((await stats(file)).size, 0n, 'size of the new file');
      await writeFile(file, `round ${round}`);
      await unlink(file);
    }
    equal(await readdir(context.directory), [], 'names');
  },
);

group.cases.push(
  ...pathErrorCases({
    group: 'create',
    operation: 'create',
    creates: true,
    call: (path) => open(path, 'w'),
    asUser: (path) => ['open', path, 'w'],
  }),
);

defineGroup(group);
