import {
  chmod,
  mkdir,
  readFile,
  readdir,
  rename,
  rmdir,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, type CaseContext } from '../../src/harness/api/index.js';
import { clockPast, makeFile, makeOld, OLD_NS, stats, withFile } from './shared/files.js';

const group = new CaseList('posix', 'timestamps', { operations: ['stat'] });

/** What an operation on an entry of a directory does to the times of that directory: POSIX, each function's page. */
const onParent: readonly (readonly [string, string, boolean, (context: CaseContext) => Promise<unknown>])[] =
  [
    ['create', 'create', true, (context) => makeFile(context, 'parent/new')],
    ['mkdir', 'mkdir', true, (context) => mkdir(context.path('parent', 'new'))],
    ['unlink', 'unlink', true, (context) => unlink(context.path('parent', 'file'))],
    ['rmdir', 'rmdir', true, (context) => rmdir(context.path('parent', 'inner'))],
    [
      'rename',
      'rename',
      true,
      (context) => rename(context.path('parent', 'file'), context.path('parent', 'other')),
    ],
    ['write', 'write', false, (context) => writeFile(context.path('parent', 'file'), 'longer content')],
    ['truncate', 'truncate', false, (context) => truncate(context.path('parent', 'file'), 1)],
    ['chmod', 'chmod', false, (context) => chmod(context.path('parent', 'file'), 0o600)],
    ['read', 'read', false, (context) => readFile(context.path('parent', 'file'))],
    ['stat', 'stat', false, (context) => stats(context.path('parent', 'file'))],
  ];
for (const [name, operation, changes, action] of onParent) {
  const verb = changes ? 'updates' : 'leaves';
  group.add(
    `${name}-${verb}-mtime-of-the-parent`,
    `${name} of an entry ${verb} mtime of its directory`,
    async (context) => {
      await mkdir(context.path('parent', 'inner'), { recursive: true });
      await makeFile(context, 'parent/file', 'content');
      await makeOld(context.path('parent'));
      await action(context);
      equal(
        (await stats(context.path('parent'))).mtimeNs > OLD_NS,
        changes,
        'mtime of the directory is newer than before',
      );
    },
    { operations: [operation] },
  );
}

group.add(
  'mtime-does-not-move-on-close',
  'mtime does not change between the last write and after close',
  async (context) => {
    const whileOpen = await withFile(context.path('file'), 'w', async (handle) => {
      await handle.write('content');
      return (await handle.stat({ bigint: true })).mtimeNs;
    });
    equal((await stats(context.path('file'))).mtimeNs, whileOpen, 'mtime after close');
  },
  { operations: ['close'] },
);

group.add(
  'repeated-stat-is-stable',
  'stat(2) gives the same times again and again while nothing happens',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    const first = await stats(file);
    await readdir(context.directory);
    for (let round = 0; round < 5; round += 1) {
      const again = await stats(file);
      equal([again.mtimeNs, again.ctimeNs], [first.mtimeNs, first.ctimeNs], 'mtime and ctime');
    }
  },
);

group.add(
  'rename-keeps-mtime',
  'rename(2) keeps mtime of the file',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await makeOld(file);
    await rename(file, context.path('other'));
    equal((await stats(context.path('other'))).mtimeNs, OLD_NS, 'mtime');
  },
  { operations: ['rename'] },
);

group.add(
  'mtime-grows-with-writes',
  'mtime never goes back over ten writes',
  async (context) => {
    await withFile(await makeFile(context, 'file'), 'r+', async (handle) => {
      let last = 0n;
      for (let round = 0; round < 10; round += 1) {
        await handle.write('x');
        const now = (await handle.stat({ bigint: true })).mtimeNs;
        ok(now >= last, `mtime of write ${round} is not older than the one before`);
        last = now;
      }
    });
  },
  { operations: ['write'] },
);

group.add(
  'open-for-reading-leaves-times',
  'open(2) for reading leaves mtime and ctime',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await makeOld(file);
    const before = await stats(file);
    await withFile(file, 'r', () => Promise.resolve());
    const after = await stats(file);
    equal([after.mtimeNs, after.ctimeNs], [before.mtimeNs, before.ctimeNs], 'mtime and ctime');
  },
  { operations: ['open'] },
);

group.add(
  'directory-ctime-follows-mtime',
  'a new entry updates ctime of the directory too',
  async (context) => {
    await mkdir(context.path('parent'));
    const before = await stats(context.path('parent'));
    await clockPast(context, before.ctimeNs);
    await makeFile(context, 'parent/file');
    ok(
      (await stats(context.path('parent'))).ctimeNs > before.ctimeNs,
      'ctime of the directory is newer than before',
    );
  },
  { operations: ['create'] },
);

defineGroup(group);
