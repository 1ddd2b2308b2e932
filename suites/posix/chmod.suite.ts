import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { CaseList, callsAsUser, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import { clockPast, makeFile, makeOld, OLD_NS, permissions, stats, withFile } from './shared/files.js';
import { asNobody } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'chmod', { operations: ['chmod'] });

for (const mode of [0, 0o111, 0o400, 0o644, 0o777, 0o1777, 0o2755, 0o4755, 0o7777]) {
  const text = mode.toString(8).padStart(4, '0');
  group.add(`file-${text}`, `chmod(2) sets mode ${text} on a file, and it stays a file`, async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    await chmod(file, mode);
    const status = await stats(file);
    equal(permissions(status), mode, 'permission bits');
    ok(status.isFile(), 'it is a regular file');
    await chmod(file, 0o600);
    equal(await readFile(file, 'utf8'), 'kept', 'content');
  });
}

for (const mode of [0o500, 0o755, 0o1777, 0o2775]) {
  group.add(
    `directory-${mode.toString(8)}`,
    `chmod(2) sets mode ${mode.toString(8)} on a directory, and it stays a directory`,
    async (context) => {
      await mkdir(context.path('a'));
      await makeFile(context, 'a/file');
      await chmod(context.path('a'), mode);
      const status = await stats(context.path('a'));
      equal(permissions(status), mode, 'permission bits');
      ok(status.isDirectory(), 'it is a directory');
    },
  );
}

group.add(
  'follows-a-symlink',
  'chmod(2) on a symbolic link changes its target',
  async (context) => {
    const file = await makeFile(context, 'file');
    await symlink('file', context.path('link'));
    await chmod(context.path('link'), 0o601);
    equal(permissions(await stats(file)), 0o601, 'permission bits of the target');
  },
  { needs: ['symlink'] },
);

group.add(
  'by-descriptor',
  'fchmod(2) sets the mode by a descriptor',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, 'r', (handle) => handle.chmod(0o604));
    equal(permissions(await stats(file)), 0o604, 'permission bits');
  },
  { operations: ['fchmod'] },
);

group.add(
  'while-dirty',
  'fchmod(2) between write and close keeps both mode and content',
  async (context) => {
    await withFile(context.path('file'), 'w', async (handle) => {
      await handle.write('content');
      await handle.chmod(0o640);
    });
    equal(permissions(await stats(context.path('file'))), 0o640, 'permission bits');
    equal(await readFile(context.path('file'), 'utf8'), 'content', 'content');
  },
  { operations: ['fchmod', 'write'] },
);

group.add('survives-a-rewrite', 'the mode stays when the content is written anew', async (context) => {
  const file = await makeFile(context, 'file', 'old');
  await chmod(file, 0o640);
  await writeFile(file, 'new');
  equal(permissions(await stats(file)), 0o640, 'permission bits');
});

group.add('updates-ctime-and-not-mtime', 'chmod(2) updates ctime and leaves mtime', async (context) => {
  const file = await makeFile(context, 'file');
  await makeOld(file);
  const before = await stats(file);
  await clockPast(context, before.ctimeNs);
  await chmod(file, 0o600);
  const after = await stats(file);
  ok(after.ctimeNs > before.ctimeNs, 'ctime is newer than before');
  equal(after.mtimeNs, OLD_NS, 'mtime');
});

group.add(
  'eperm-for-another-user',
  'chmod(2) fails with EPERM for a user who does not own the file',
  async (context) => {
    const file = await makeFile(context, 'file');
    await chmod(file, 0o666);
    equal(await asNobody(context, ['chmod', file, 0o777]), ['EPERM'], 'errno of chmod');
    equal(permissions(await stats(file)), 0o666, 'permission bits');
  },
  { needs: ['root'] },
);

group.add(
  'owner-may',
  'chmod(2) is allowed to the owner',
  async (context) => {
    await chmod(context.directory, 0o777);
    const file = context.path('file');
    equal(
      await asNobody(context, ['writeFile', file, 'x'], ['chmod', file, 0o4711]),
      ['ok', 'ok'],
      'answers',
    );
    equal(permissions(await stats(file)), 0o4711, 'permission bits');
  },
  { needs: ['root'] },
);

group.add(
  'set-group-id-is-cleared-outside-the-group',
  'chmod(2) by an owner who is not of the group clears the set-group-ID bit',
  async (context) => {
    const file = await makeFile(context, 'file');
    await callsAsUser([['chown', file, 65_534, 4321]], { uid: 0, gid: 0, signal: context.signal });
    equal(await asNobody(context, ['chmod', file, 0o2755]), ['ok'], 'answer of chmod');
    equal(permissions(await stats(file)), 0o755, 'permission bits');
  },
  { needs: ['root', 'chown'] },
);

group.add(
  'write-by-another-user-clears-set-user-id',
  'write(2) by a user without privileges clears the set-user-ID and set-group-ID bits',
  async (context) => {
    const file = await makeFile(context, 'file', 'x');
    await chmod(file, 0o6777);
    equal(await asNobody(context, ['appendFile', file, 'y']), ['ok'], 'answer of write');
    equal(permissions(await stats(file)), 0o777, 'permission bits');
  },
  { operations: ['write', 'chmod'], needs: ['root'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'chmod',
    operation: 'chmod',
    call: (path) => chmod(path, 0o644),
    asUser: (path) => ['chmod', path, 0o644],
  }),
);

defineGroup(group);
