import { chmod, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import {
  CaseList,
  XATTR,
  XATTR_NAME_MAX_BYTES,
  XATTR_SIZE_MAX_BYTES,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { clockPast, makeFile, makeOld, OLD_NS, stats } from './shared/files.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'xattr', { operations: ['setxattr', 'getxattr'], needs: ['xattr'] });

/** Only `user.`: security modules of the machine add names of their own. */
function userNames(context: CaseContext, path: string): string[] {
  return context.sys
    .listxattr(path)
    .filter((name) => name.startsWith('user.'))
    .toSorted();
}

const values: readonly (readonly [string, Buffer])[] = [
  ['text', Buffer.from('green')],
  ['no-bytes', Buffer.alloc(0)],
  ['all-byte-values', Buffer.from(Array.from({ length: 256 }, (_, value) => value))],
  ['unicode', Buffer.from('Grüße 文件 🚀')],
  ['newlines-and-nul', Buffer.from('a\nb\0c\r\n')],
  ['1000-bytes', Buffer.alloc(1000, 'v')],
];
for (const [name, value] of values) {
  group.add(
    `keeps-${name}`,
    `setxattr(2) keeps a value of ${name.replaceAll('-', ' ')} byte for byte`,
    async (context) => {
      const file = await makeFile(context, 'file', 'kept');
      context.sys.setxattr(file, 'user.value', value);
      sameBytes(context.sys.getxattr(file, 'user.value'), value, 'value');
      equal(await readFile(file, 'utf8'), 'kept', 'content');
    },
  );
}

group.add('directory', 'a directory has extended attributes', async (context) => {
  await mkdir(context.path('a'));
  context.sys.setxattr(context.path('a'), 'user.colour', Buffer.from('green'));
  equal(context.sys.getxattr(context.path('a'), 'user.colour').toString(), 'green', 'value');
});

group.add(
  'list-is-complete',
  'listxattr(2) lists each name once',
  async (context) => {
    const file = await makeFile(context, 'file');
    equal(userNames(context, file), [], 'names before');
    const names = ['user.a', 'user.b.c', 'user.Name With Spaces', 'user.größe'].toSorted();
    for (const name of names) context.sys.setxattr(file, name, Buffer.from(name));
    equal(userNames(context, file), names, 'names');
  },
  { operations: ['listxattr'] },
);

group.add(
  'names-keep-their-case',
  'names that differ only in case are different attributes',
  async (context) => {
    const file = await makeFile(context, 'file');
    context.sys.setxattr(file, 'user.Key', Buffer.from('upper'));
    context.sys.setxattr(file, 'user.key', Buffer.from('lower'));
    equal(
      [context.sys.getxattr(file, 'user.Key').toString(), context.sys.getxattr(file, 'user.key').toString()],
      ['upper', 'lower'],
      'values',
    );
  },
);

group.add('replaces-by-default', 'setxattr(2) without flags makes and replaces', async (context) => {
  const file = await makeFile(context, 'file');
  context.sys.setxattr(file, 'user.a', Buffer.from('a longer first value'));
  context.sys.setxattr(file, 'user.a', Buffer.from('second'));
  equal(context.sys.getxattr(file, 'user.a').toString(), 'second', 'value');
});

group.add(
  'eexist-on-create',
  'setxattr(2) with XATTR_CREATE makes a name, and fails with EEXIST the second time',
  async (context) => {
    const file = await makeFile(context, 'file');
    context.sys.setxattr(file, 'user.a', Buffer.from('first'), XATTR.create);
    await context.expectErrno('EEXIST', () => {
      context.sys.setxattr(file, 'user.a', Buffer.from('second'), XATTR.create);
    });
    equal(context.sys.getxattr(file, 'user.a').toString(), 'first', 'value');
  },
);

group.add(
  'enodata-on-replace',
  'setxattr(2) with XATTR_REPLACE fails with ENODATA on a missing name, and replaces one that is there',
  async (context) => {
    const file = await makeFile(context, 'file');
    await context.expectErrno('ENODATA', () => {
      context.sys.setxattr(file, 'user.a', Buffer.from('x'), XATTR.replace);
    });
    equal(userNames(context, file), [], 'names');
    context.sys.setxattr(file, 'user.a', Buffer.from('first'));
    context.sys.setxattr(file, 'user.a', Buffer.from('second'), XATTR.replace);
    equal(context.sys.getxattr(file, 'user.a').toString(), 'second', 'value');
  },
);

group.add(
  'enodata-on-a-missing-name',
  'getxattr(2) and removexattr(2) fail with ENODATA on a missing name',
  async (context) => {
    const file = await makeFile(context, 'file');
    await context.expectErrno('ENODATA', () => context.sys.getxattr(file, 'user.none'));
    await context.expectErrno('ENODATA', () => {
      context.sys.removexattr(file, 'user.none');
    });
  },
  { operations: ['getxattr', 'removexattr'] },
);

group.add(
  'remove',
  'removexattr(2) removes one name and leaves the others',
  async (context) => {
    const file = await makeFile(context, 'file');
    for (const name of ['user.a', 'user.b', 'user.c']) context.sys.setxattr(file, name, Buffer.from(name));
    context.sys.removexattr(file, 'user.b');
    equal(userNames(context, file), ['user.a', 'user.c'], 'names');
    await context.expectErrno('ENODATA', () => context.sys.getxattr(file, 'user.b'));
  },
  { operations: ['removexattr'] },
);

group.add(
  'erange-on-a-small-buffer',
  'getxattr(2) and listxattr(2) fail with ERANGE when the room is too small',
  async (context) => {
    const file = await makeFile(context, 'file');
    context.sys.setxattr(file, 'user.name', Buffer.from('twelve bytes'));
    await context.expectErrno('ERANGE', () => context.sys.getxattr(file, 'user.name', 5));
    await context.expectErrno('ERANGE', () => context.sys.listxattr(file, 3));
    equal(
      context.sys.getxattr(file, 'user.name', 12).toString(),
      'twelve bytes',
      'value with just enough room',
    );
  },
  { operations: ['getxattr', 'listxattr'] },
);

group.add(
  'erange-on-a-long-name',
  'setxattr(2) fails with ERANGE on a name of more than 255 bytes, and keeps one of 255',
  async (context) => {
    const file = await makeFile(context, 'file');
    const longest = `user.${'n'.repeat(XATTR_NAME_MAX_BYTES - 5)}`;
    context.sys.setxattr(file, longest, Buffer.from('v'));
    equal(userNames(context, file), [longest], 'names');
    await context.expectErrno('ERANGE', () => {
      context.sys.setxattr(file, `${longest}n`, Buffer.from('v'));
    });
  },
);

group.add(
  'e2big-on-a-large-value',
  'setxattr(2) fails with E2BIG on a value of more than 65,536 bytes',
  async (context) => {
    const file = await makeFile(context, 'file');
    await context.expectErrno('E2BIG', () => {
      context.sys.setxattr(file, 'user.a', Buffer.alloc(XATTR_SIZE_MAX_BYTES + 1));
    });
  },
);

group.add(
  'eopnotsupp-on-an-unknown-namespace',
  'setxattr(2) fails with EOPNOTSUPP on a name without a known namespace',
  async (context) => {
    const file = await makeFile(context, 'file');
    for (const name of ['plain', 'nosuch.name']) {
      await context.expectErrno('EOPNOTSUPP', () => {
        context.sys.setxattr(file, name, Buffer.from('v'));
      });
    }
  },
);

group.add(
  'survives-writes-chmod-and-rename',
  'extended attributes stay when the file is written, chmodded and renamed',
  async (context) => {
    const file = await makeFile(context, 'file', 'old');
    context.sys.setxattr(file, 'user.colour', Buffer.from('green'));
    await writeFile(file, 'new');
    await chmod(file, 0o600);
    await rename(file, context.path('moved'));
    equal(context.sys.getxattr(context.path('moved'), 'user.colour').toString(), 'green', 'value');
  },
);

group.add(
  'new-file-has-none',
  'a new file under a removed name has no extended attributes of the old one',
  async (context) => {
    const file = await makeFile(context, 'file');
    context.sys.setxattr(file, 'user.colour', Buffer.from('green'));
    await unlink(file);
    await makeFile(context, 'file');
    equal(userNames(context, file), [], 'names');
  },
);

group.add('updates-ctime-and-not-mtime', 'setxattr(2) updates ctime and leaves mtime', async (context) => {
  const file = await makeFile(context, 'file');
  await makeOld(file);
  const before = await stats(file);
  await clockPast(context, before.ctimeNs);
  context.sys.setxattr(file, 'user.a', Buffer.from('v'));
  const after = await stats(file);
  ok(after.ctimeNs > before.ctimeNs, 'ctime is newer than before');
  equal(after.mtimeNs, OLD_NS, 'mtime');
});

group.cases.push(
  ...pathErrorCases({
    group: 'xattr',
    variant: 'get',
    operation: 'getxattr',
    needs: ['xattr'],
    call: (path, context) => context.sys.getxattr(path, 'user.a'),
  }),
  ...pathErrorCases({
    group: 'xattr',
    variant: 'list',
    operation: 'listxattr',
    needs: ['xattr'],
    call: (path, context) => context.sys.listxattr(path),
  }),
);

defineGroup(group);
