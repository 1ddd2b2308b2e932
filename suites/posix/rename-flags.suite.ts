import { mkdir, readFile, readdir } from 'node:fs/promises';
import { CaseList, RENAME, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import { isAbsent, makeFile } from './shared/files.js';

const group = new CaseList('posix', 'rename-flags', { operations: ['renameat2'], needs: ['rename-flags'] });

group.add(
  'noreplace-eexist',
  'renameat2(2) with RENAME_NOREPLACE fails with EEXIST when the new name exists',
  async (context) => {
    const from = await makeFile(context, 'from', 'from');
    const to = await makeFile(context, 'to', 'to');
    await context.expectErrno('EEXIST', () => {
      context.sys.renameat2(from, to, RENAME.noReplace);
    });
    equal([await readFile(from, 'utf8'), await readFile(to, 'utf8')], ['from', 'to'], 'contents');
  },
);

group.add(
  'noreplace-to-a-free-name',
  'renameat2(2) with RENAME_NOREPLACE moves a file to a free name',
  async (context) => {
    const from = await makeFile(context, 'from', 'moved');
    context.sys.renameat2(from, context.path('to'), RENAME.noReplace);
    equal(await readFile(context.path('to'), 'utf8'), 'moved', 'content');
    ok(await isAbsent(from), 'the old name is gone');
  },
);

group.add(
  'exchange-two-files',
  'renameat2(2) with RENAME_EXCHANGE swaps two files',
  async (context) => {
    const a = await makeFile(context, 'a', 'A');
    const b = await makeFile(context, 'b', 'B');
    context.sys.renameat2(a, b, RENAME.exchange);
    equal([await readFile(a, 'utf8'), await readFile(b, 'utf8')], ['B', 'A'], 'contents');
  },
  { needs: ['rename-exchange'] },
);

group.add(
  'einval-noreplace-with-exchange',
  'renameat2(2) with RENAME_NOREPLACE and RENAME_EXCHANGE fails with EINVAL',
  async (context) => {
    const a = await makeFile(context, 'a');
    const b = await makeFile(context, 'b');
    await context.expectErrno('EINVAL', () => {
      context.sys.renameat2(a, b, RENAME.noReplace | RENAME.exchange);
    });
  },
);

group.add(
  'exchange-file-and-directory',
  'renameat2(2) with RENAME_EXCHANGE swaps a file and a directory',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await mkdir(context.path('directory', 'inner'), { recursive: true });
    context.sys.renameat2(file, context.path('directory'), RENAME.exchange);
    equal(await readFile(context.path('directory'), 'utf8'), 'content', 'content under the other name');
    equal(await readdir(file), ['inner'], 'names under the other name');
  },
  { needs: ['rename-exchange'] },
);

group.add(
  'noreplace-directory',
  'renameat2(2) with RENAME_NOREPLACE moves a directory, and fails with EEXIST over an empty one',
  async (context) => {
    await mkdir(context.path('from'));
    await mkdir(context.path('taken'));
    await context.expectErrno('EEXIST', () => {
      context.sys.renameat2(context.path('from'), context.path('taken'), RENAME.noReplace);
    });
    context.sys.renameat2(context.path('from'), context.path('free'), RENAME.noReplace);
    equal((await readdir(context.directory)).toSorted(), ['free', 'taken'], 'names');
  },
);

group.add(
  'exchange-enoent',
  'renameat2(2) with RENAME_EXCHANGE fails with ENOENT when one of the names is missing',
  async (context) => {
    const file = await makeFile(context, 'file');
    await context.expectErrno('ENOENT', () => {
      context.sys.renameat2(file, context.path('missing'), RENAME.exchange);
    });
  },
  { needs: ['rename-exchange'] },
);

defineGroup(group);
