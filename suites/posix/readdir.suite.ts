import { mkdir, open, opendir, readdir, rename, rmdir, symlink, unlink } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, type CaseContext } from '../../src/harness/api/index.js';
import { isAbsent, makeFile, stats } from './shared/files.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'readdir', { operations: ['readdir'] });

/** Empty files, sixteen at a time: threads of libuv are the limit, not the number of promises. */
async function makeMany(context: CaseContext, directory: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `entry-${String(index).padStart(5, '0')}`);
  for (let start = 0; start < count; start += 16) {
    await Promise.all(
      names
        .slice(start, start + 16)
        .map(async (name) => (await open(context.path(directory, name), 'wx')).close()),
    );
    context.signal.throwIfAborted();
  }
  return names;
}

group.add('empty', 'readdir(3) of an empty directory gives no names', async (context) => {
  await mkdir(context.path('a'));
  equal(await readdir(context.path('a')), [], 'names');
});

group.add(
  'types',
  'readdir(3) says which names are files, directories, links and fifos',
  async (context) => {
    await makeFile(context, 'file');
    await mkdir(context.path('directory'));
    await symlink('nowhere', context.path('link'));
    const entries = await readdir(context.directory, { withFileTypes: true });
    const types = new Map(
      entries.map((entry) => [entry.name, [entry.isFile(), entry.isDirectory(), entry.isSymbolicLink()]]),
    );
    equal(types.get('file'), [true, false, false], 'type of the file');
    equal(types.get('directory'), [false, true, false], 'type of the directory');
    equal(types.get('link'), [false, false, true], 'type of the link');
  },
  { needs: ['symlink'] },
);

for (const count of [1, 100, 1001, 3000]) {
  group.add(
    `${count}-entries`,
    `readdir(3) of a directory of ${count} entries gives each name once`,
    async (context) => {
      await mkdir(context.path('a'));
      const names = await makeMany(context, 'a', count);
      const listed = await readdir(context.path('a'));
      equal(listed.length, count, 'count of names');
      ok(new Set(listed).size === count, 'no name comes twice');
      equal(listed.toSorted(), names, 'names');
    },
    { timeoutMs: 120_000, tier: count > 1000 ? 'full' : 'quick' },
  );
}

group.add(
  'in-small-steps',
  'readdir(3) in small steps gives each of 500 names once',
  async (context) => {
    await mkdir(context.path('a'));
    const names = await makeMany(context, 'a', 500);
    const listed: string[] = [];
    for await (const entry of await opendir(context.path('a'), { bufferSize: 1 })) listed.push(entry.name);
    equal(listed.toSorted(), names, 'names');
  },
  { timeoutMs: 60_000, tier: 'full' },
);

group.add(
  'delete-while-reading',
  'names that are removed while the directory is read do not hide others',
  async (context) => {
    await mkdir(context.path('a'));
    const names = await makeMany(context, 'a', 400);
    const listed: string[] = [];
    for await (const entry of await opendir(context.path('a'), { bufferSize: 8 })) {
      listed.push(entry.name);
      await unlink(context.path('a', entry.name));
    }
    equal(listed.toSorted(), names, 'names that were seen');
    equal(await readdir(context.path('a')), [], 'names that are left');
  },
  { timeoutMs: 60_000, tier: 'full' },
);

group.add(
  'create-while-reading',
  'names that are made while the directory is read do not double or hide others',
  async (context) => {
    await mkdir(context.path('a'));
    const names = await makeMany(context, 'a', 200);
    const listed: string[] = [];
    for await (const entry of await opendir(context.path('a'), { bufferSize: 8 })) {
      listed.push(entry.name);
      if (listed.length <= 50) await makeFile(context, `a/added-${listed.length}`);
    }
    const old = listed.filter((name) => name.startsWith('entry-'));
    equal(old.toSorted(), names, 'names that were there before');
    ok(new Set(listed).size === listed.length, 'no name comes twice');
  },
  { timeoutMs: 60_000, tier: 'full' },
);

group.add(
  'two-readers',
  'two readers of one directory at the same time each get all names',
  async (context) => {
    await mkdir(context.path('a'));
    const names = await makeMany(context, 'a', 300);
    const collect = async (): Promise<string[]> => {
      const listed: string[] = [];
      for await (const entry of await opendir(context.path('a'), { bufferSize: 16 })) listed.push(entry.name);
      return listed.toSorted();
    };
    const [one, two] = await Promise.all([collect(), collect()]);
    equal(one, names, 'names of the first reader');
    equal(two, names, 'names of the second reader');
  },
  { timeoutMs: 60_000, tier: 'full' },
);

group.add(
  'changes-show-at-once',
  'readdir(3) shows what was made, renamed and removed just before',
  async (context) => {
    await makeFile(context, 'one');
    equal(await readdir(context.directory), ['one'], 'names after create');
    await rename(context.path('one'), context.path('two'));
    equal(await readdir(context.directory), ['two'], 'names after rename');
    await mkdir(context.path('three'));
    equal((await readdir(context.directory)).toSorted(), ['three', 'two'], 'names after mkdir');
    await unlink(context.path('two'));
    await rmdir(context.path('three'));
    equal(await readdir(context.directory), [], 'names after removal');
  },
);

group.add('sees-open-new-file', 'readdir(3) shows a new file that is still open', async (context) => {
  const handle = await open(context.path('file'), 'wx');
  try {
    equal(await readdir(context.directory), ['file'], 'names');
  } finally {
    await handle.close();
  }
});

group.add(
  'file-and-directory-with-a-common-start',
  'names that are the start of each other are all listed',
  async (context) => {
    for (const name of ['a', 'a.b', 'ab', 'a-']) await makeFile(context, name);
    await mkdir(context.path('a0'));
    await makeFile(context, 'a0/inner');
    equal((await readdir(context.directory)).toSorted(), ['a', 'a-', 'a.b', 'a0', 'ab'], 'names');
  },
);

group.add('does-not-list-deeper-names', 'readdir(3) lists the names of one level', async (context) => {
  await mkdir(context.path('a', 'b', 'c'), { recursive: true });
  await makeFile(context, 'a/b/file');
  equal(await readdir(context.directory), ['a'], 'names of the first level');
  equal((await readdir(context.path('a', 'b'))).toSorted(), ['c', 'file'], 'names of the third level');
});

group.add(
  'removed-directory-that-is-open',
  'a directory that is removed while it is read gives no more names',
  async (context) => {
    await mkdir(context.path('a'));
    const directory = await opendir(context.path('a'));
    try {
      await rmdir(context.path('a'));
      ok((await directory.read()) === null, 'there is no entry');
      ok(await isAbsent(context.path('a')), 'the name is gone');
    } finally {
      await directory.close();
    }
  },
);

group.add('enotdir-on-a-file', 'opendir(3) fails with ENOTDIR on a file', async (context) => {
  const file = await makeFile(context, 'file');
  await context.expectErrno('ENOTDIR', () => readdir(file));
});

group.add(
  'stat-of-every-entry',
  'every listed name can be looked up',
  async (context) => {
    await makeMany(context, '.', 150);
    const listed = await readdir(context.directory);
    for (const name of listed) ok((await stats(context.path(name))).isFile(), `${name} is a file`);
    equal(listed.length, 150, 'count of names');
  },
  { timeoutMs: 60_000, tier: 'full' },
);

group.cases.push(
  ...pathErrorCases({
    group: 'readdir',
    operation: 'readdir',
    call: (path) => readdir(path),
    asUser: (path) => ['readdir', path],
  }),
);

defineGroup(group);
