import { chmod, chown, lchown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { CaseList, NOBODY, defineGroup, equal, ok, type CaseContext } from '../../src/harness/api/index.js';
import {
  clockPast,
  linkStats,
  makeFile,
  makeOld,
  OLD_NS,
  permissions,
  stats,
  withFile,
} from './shared/files.js';
import { asNobody } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'chown', { operations: ['chown'], needs: ['root', 'chown'] });

async function ownerOf(path: string): Promise<readonly bigint[]> {
  const { uid, gid } = await linkStats(path);
  return [uid, gid];
}

/** -1 as an unsigned number leaves that id alone (chown(2)). */
const SAME = 0xffff_ffff;

const ids: readonly (readonly [string, number, number, bigint, bigint])[] = [
  ['both', 1234, 5678, 1234n, 5678n],
  ['user-only', 1234, SAME, 1234n, 0n],
  ['group-only', SAME, 5678, 0n, 5678n],
  ['neither', SAME, SAME, 0n, 0n],
  ['large-ids', 4_294_967_290, 4_294_967_289, 4_294_967_290n, 4_294_967_289n],
];
for (const [name, uid, gid, expectedUid, expectedGid] of ids) {
  group.add(name, `chown(2) sets owner and group (${name.replaceAll('-', ' ')})`, async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    await chown(file, 0, 0);
    await chown(file, uid, gid);
    equal(await ownerOf(file), [expectedUid, expectedGid], 'owner and group');
    equal(await readFile(file, 'utf8'), 'kept', 'content');
  });
}

group.add('directory', 'chown(2) sets owner and group of a directory', async (context) => {
  await mkdir(context.path('a'));
  await chown(context.path('a'), 1234, 5678);
  equal(await ownerOf(context.path('a')), [1234n, 5678n], 'owner and group');
});

group.add(
  'follows-a-symlink',
  'chown(2) on a symbolic link changes its target and not the link',
  async (context) => {
    const file = await makeFile(context, 'file');
    await symlink('file', context.path('link'));
    const before = await ownerOf(context.path('link'));
    await chown(context.path('link'), 1234, 5678);
    equal(await ownerOf(file), [1234n, 5678n], 'owner of the target');
    equal(await ownerOf(context.path('link')), before, 'owner of the link');
  },
  { needs: ['symlink'] },
);

group.add(
  'lchown-on-a-symlink',
  'lchown(2) on a symbolic link changes the link and not its target',
  async (context) => {
    const file = await makeFile(context, 'file');
    await symlink('file', context.path('link'));
    const before = await ownerOf(file);
    await lchown(context.path('link'), 1234, 5678);
    equal(await ownerOf(context.path('link')), [1234n, 5678n], 'owner of the link');
    equal(await ownerOf(file), before, 'owner of the target');
  },
  { needs: ['symlink'], operations: ['lchown'] },
);

group.add(
  'by-descriptor',
  'fchown(2) sets owner and group by a descriptor',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, 'r', (handle) => handle.chown(1234, 5678));
    equal(await ownerOf(file), [1234n, 5678n], 'owner and group');
  },
  { operations: ['fchown'] },
);

group.add('survives-a-rewrite', 'owner and group stay when the content is written anew', async (context) => {
  const file = await makeFile(context, 'file', 'old');
  await chown(file, 1234, 5678);
  await writeFile(file, 'new');
  equal(await ownerOf(file), [1234n, 5678n], 'owner and group');
});

group.add('updates-ctime-and-not-mtime', 'chown(2) updates ctime and leaves mtime', async (context) => {
  const file = await makeFile(context, 'file');
  await makeOld(file);
  const before = await stats(file);
  await clockPast(context, before.ctimeNs);
  await chown(file, 1234, 5678);
  const after = await stats(file);
  ok(after.ctimeNs > before.ctimeNs, 'ctime is newer than before');
  equal(after.mtimeNs, OLD_NS, 'mtime');
});

group.add(
  'clears-set-user-id-of-an-executable',
  'chown(2) clears the set-user-ID and set-group-ID bits of an executable file',
  async (context) => {
    const file = await makeFile(context, 'file');
    await chmod(file, 0o6755);
    await chown(file, 1234, 5678);
    equal(permissions(await stats(file)), 0o755, 'permission bits');
  },
);

group.add(
  'eperm-for-another-user',
  'chown(2) fails with EPERM for a user without privileges',
  async (context) => {
    const file = await makeFile(context, 'file');
    equal(await asNobody(context, ['chown', file, NOBODY, NOBODY]), ['EPERM'], 'errno of chown');
  },
);

group.add(
  'eperm-giving-away',
  'chown(2) fails with EPERM when the owner gives the file away or takes a group that is not their own',
  async (context) => {
    const file = await ownedByNobody(context);
    const answers = await asNobody(context, ['chown', file, 1234, NOBODY], ['chown', file, NOBODY, 5678]);
    equal(answers, ['EPERM', 'EPERM'], 'errnos of chown');
  },
);

group.add(
  'owner-may-set-their-own-group',
  'chown(2) lets the owner set a group that they belong to',
  async (context) => {
    const file = await ownedByNobody(context);
    await chown(file, NOBODY, 5678);
    equal(await asNobody(context, ['chown', file, NOBODY, NOBODY]), ['ok'], 'answer of chown');
    equal(await ownerOf(file), [BigInt(NOBODY), BigInt(NOBODY)], 'owner and group');
  },
);

async function ownedByNobody(context: CaseContext): Promise<string> {
  const file = await makeFile(context, 'file');
  await chown(file, NOBODY, NOBODY);
  return file;
}

group.cases.push(
  ...pathErrorCases({
    group: 'chown',
    operation: 'chown',
    needs: ['chown'],
    call: (path) => chown(path, 0, 0),
    asUser: (path) => ['chown', path, NOBODY, NOBODY],
  }),
);

defineGroup(group);
