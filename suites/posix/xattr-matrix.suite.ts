import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { CaseList, XATTR, codeOf, defineGroup, equal, sameBytes } from '../../src/harness/api/index.js';

const group = new CaseList('posix', 'xattr-matrix', {
  operations: ['setxattr', 'getxattr', 'listxattr', 'removexattr'],
  needs: ['xattr'],
  tier: 'full',
});

const SIZES = [0, 1, 2, 15, 16, 255, 256, 1000];
const NAMES = [
  'user.a',
  'user.with.dots',
  'user.UPPER',
  'user.caf\u00e9',
  'user.with space',
  'user.%41',
  'user.=&"<>',
];

for (const kind of ['file', 'directory'] as const) {
  group.add(
    `values-on-a-${kind}`,
    `extended attributes of a ${kind} keep each name and value byte for byte, are listed once, and go when removed`,
    (context) => {
      const path = context.path('name');
      if (kind === 'file') writeFileSync(path, 'content');
      else mkdirSync(path);
      for (const size of SIZES) {
        context.sys.setxattr(path, 'user.value', context.bytes(size));
        sameBytes(context.sys.getxattr(path, 'user.value'), context.bytes(size), `value of ${size} bytes`);
      }
      context.sys.removexattr(path, 'user.value');
      for (const name of NAMES) context.sys.setxattr(path, name, Buffer.from(name));
      equal([...context.sys.listxattr(path)].sort(), NAMES.toSorted(), 'names of the list');
      for (const name of NAMES) {
        equal(context.sys.getxattr(path, name).toString(), name, `value of ${name}`);
        context.sys.removexattr(path, name);
        equal(context.sys.listxattr(path).includes(name), false, `${name} is still listed`);
      }
      equal(context.sys.listxattr(path), [], 'names left');
      return Promise.resolve();
    },
  );
}

/** Flags, whether the name is there before, and the answer: setxattr(2). */
const flagged: readonly (readonly [string, number, boolean, string])[] = [
  ['no-flag-new', 0, false, 'ok'],
  ['no-flag-there', 0, true, 'ok'],
  ['create-new', XATTR.create, false, 'ok'],
  ['create-there', XATTR.create, true, 'EEXIST'],
  ['replace-new', XATTR.replace, false, 'ENODATA'],
  ['replace-there', XATTR.replace, true, 'ok'],
];
for (const [name, flags, isThere, expected] of flagged) {
  group.add(
    `flags-${name}`,
    `setxattr(2) with flags ${flags} on a name that is ${isThere ? '' : 'not '}there answers ${expected}`,
    (context) => {
      const path = context.path('file');
      writeFileSync(path, '');
      symlinkSync('file', context.path('link'));
      if (isThere) context.sys.setxattr(path, 'user.x', Buffer.from('old'));
      let answer = 'ok';
      try {
        context.sys.setxattr(context.path('link'), 'user.x', Buffer.from('new'), flags);
      } catch (reason) {
        answer = codeOf(reason) ?? String(reason);
      }
      equal(answer, expected, 'answer of setxattr');
      const kept = isThere ? ['old'] : [];
      const after = context.sys.listxattr(path).map((each) => context.sys.getxattr(path, each).toString());
      equal(after, expected === 'ok' ? ['new'] : kept, 'value afterwards');
      return Promise.resolve();
    },
    { needs: ['symlink'] },
  );
}

defineGroup(group);
