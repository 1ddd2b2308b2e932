import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import {
  CaseList,
  NOBODY,
  XATTR,
  defineGroup,
  equal,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { answerOf, expectAnswers, withRaw } from './shared/answers.js';
import { O_DIRECTORY, O_RDONLY } from './shared/files.js';
import { KINDS } from './shared/kinds.js';

const group = new CaseList('posix', 'xattr-forms', {
  operations: ['setxattr', 'getxattr'],
  needs: ['xattr'],
  tier: 'full',
});

const VALUE = Buffer.from('value');
const NAME = 'user.name';

function listed(length: bigint, buffer: Buffer): readonly string[] {
  const names = buffer.toString('utf8', 0, Number(length)).split('\0').slice(0, -1);
  return names.filter((name) => name.startsWith('user.'));
}

for (const kind of ['file', 'directory'] as const) {
  group.add(
    `by-descriptor-of-a-${kind}`,
    `fsetxattr(2), fgetxattr(2), flistxattr(2) and fremovexattr(2) work on an open ${kind}, also after its rename`,
    (context) => {
      const { sys, path } = context;
      if (kind === 'file') writeFileSync(path('it'), 'content');
      else mkdirSync(path('it'));
      withRaw(context, path('it'), O_RDONLY | (kind === 'directory' ? O_DIRECTORY : 0), (fd) => {
        const room = Buffer.alloc(1000);
        sys.call('fsetxattr', fd, NAME, VALUE, VALUE.length, XATTR.create);
        renameSync(path('it'), path('moved'));
        equal(sys.getxattr(path('moved'), NAME).toString(), 'value', 'value by the new name');
        equal(sys.call('fgetxattr', fd, NAME, room, room.length), 5n, 'length of the value');
        equal(listed(sys.call('flistxattr', fd, room, room.length), room), [NAME], 'names');
        equal(sys.call('fgetxattr', fd, NAME, null, 0), 5n, 'length that is asked for');
        expectAnswers([
          ['made again', 'EEXIST', () => sys.call('fsetxattr', fd, NAME, VALUE, 5, XATTR.create)],
          ['too little room', 'ERANGE', () => sys.call('fgetxattr', fd, NAME, room, 2)],
          ['another name', 'ENODATA', () => sys.call('fgetxattr', fd, 'user.other', room, 10)],
          ['an unknown flag', 'EINVAL', () => sys.call('fsetxattr', fd, NAME, VALUE, 5, 8)],
        ]);
        sys.call('fremovexattr', fd, NAME);
        equal(listed(sys.call('flistxattr', fd, room, room.length), room), [], 'names after removal');
        expectAnswers([['removed again', 'ENODATA', () => sys.call('fremovexattr', fd, NAME)]]);
      });
    },
    { operations: ['fsetxattr', 'fgetxattr', 'flistxattr', 'fremovexattr'] },
  );
}

group.add(
  'of-an-unlinked-file',
  'attributes of an open file that was unlinked are set and read by its descriptor',
  (context) => {
    writeFileSync(context.path('file'), '');
    context.sys.setxattr(context.path('file'), 'user.before', VALUE);
    withRaw(context, context.path('file'), O_RDONLY, (fd) => {
      unlinkSync(context.path('file'));
      const room = Buffer.alloc(100);
      equal(
        context.sys.call('fgetxattr', fd, 'user.before', room, 100),
        5n,
        'length of the value from before',
      );
      context.sys.call('fsetxattr', fd, 'user.after', VALUE, 5, 0);
      equal(context.sys.call('fgetxattr', fd, 'user.after', room, 100), 5n, 'length of the new value');
    });
  },
);

for (const kind of KINDS.filter(({ name }) => ['symlink', 'fifo', 'socket'].includes(name))) {
  group.add(
    `user-attribute-of-a-${kind.name}`,
    `lsetxattr(2) of a user attribute of a ${kind.name} fails with EPERM: xattr(7) has them for files and directories`,
    (context) => {
      const path = context.path('it');
      kind.make(context, path, 'mark');
      const room = Buffer.alloc(1000);
      expectAnswers([['set', 'EPERM', () => context.sys.call('lsetxattr', path, NAME, VALUE, 5, 0)]]);
      // Reading what may not be there is ENODATA (xattr_permission of the kernel).
      expectAnswers([['get', 'ENODATA', () => context.sys.call('lgetxattr', path, NAME, room, 100)]]);
      equal(listed(context.sys.call('llistxattr', path, room, 1000), room), [], 'names');
    },
    { needs: kind.needs },
  );
}

group.add(
  'link-and-target',
  'setxattr(2) and getxattr(2) follow a link, and llistxattr(2) does not',
  (context) => {
    const { sys, path } = context;
    writeFileSync(path('file'), '');
    symlinkSync('file', path('link'));
    sys.setxattr(path('link'), NAME, VALUE);
    equal(sys.getxattr(path('file'), NAME).toString(), 'value', 'value of the target');
    const room = Buffer.alloc(1000);
    equal(listed(sys.call('llistxattr', path('link'), room, 1000), room), [], 'names of the link');
    sys.call('lsetxattr', path('file'), 'user.second', VALUE, 5, 0);
    equal(
      listed(sys.call('llistxattr', path('file'), room, 1000), room).toSorted(),
      [NAME, 'user.second'],
      'names of the file',
    );
    sys.call('lremovexattr', path('file'), NAME);
    equal(
      sys.listxattr(path('link')).filter((name) => name.startsWith('user.')),
      ['user.second'],
      'names that are left',
    );
  },
  { needs: ['symlink'] },
);

/** Modes of a file of root, and whether another user may read and write it. */
const modes = [
  [0o600, false, false],
  [0o604, true, false],
  [0o602, false, true],
  [0o606, true, true],
] as const;

function askAll({ sys }: CaseContext, path: string): readonly string[] {
  const room = Buffer.alloc(100);
  return [
    answerOf(() => sys.call('lgetxattr', path, NAME, room, 100)),
    answerOf(() => sys.call('lsetxattr', path, NAME, VALUE, 5, 0)),
    answerOf(() => sys.call('lsetxattr', path, 'user.new', VALUE, 5, 0)),
    answerOf(() => sys.call('lremovexattr', path, 'user.new')),
    answerOf(() => sys.call('llistxattr', path, room, 100)),
  ];
}

for (const kind of ['file', 'directory'] as const) {
  group.add(
    `permissions-of-a-${kind}`,
    `reading a user attribute of a ${kind} needs read permission, setting and removing write permission, listing none`,
    (context) => {
      chmodSync(context.directory, 0o755);
      for (const [mode, reads, writes] of modes) {
        const path = context.path(mode.toString(8));
        if (kind === 'file') writeFileSync(path, 'content');
        else mkdirSync(path);
        chmodSync(path, mode);
        context.sys.setxattr(path, NAME, Buffer.from('first'));
        const [read, write] = [reads ? 'ok' : 'EACCES', writes ? 'ok' : 'EACCES'];
        const answers = context.sys.as({ uid: NOBODY, gid: NOBODY }, () => askAll(context, path));
        equal(
          answers,
          [read, write, write, write, 'ok'],
          `get, set, set, remove, list with ${mode.toString(8)}`,
        );
        equal(context.sys.getxattr(path, NAME).toString(), writes ? 'value' : 'first', 'value afterwards');
      }
    },
    { needs: ['root'] },
  );
}

group.add(
  'sticky-directory',
  'a user attribute of a sticky directory is for its owner alone to set',
  (context) => {
    const path = context.path('sticky');
    chmodSync(context.directory, 0o755);
    mkdirSync(path);
    chmodSync(path, 0o1777);
    const set = (): string =>
      context.sys.as({ uid: NOBODY, gid: NOBODY }, () =>
        answerOf(() => context.sys.call('lsetxattr', path, NAME, VALUE, 5, 0)),
      );
    equal(set(), 'EPERM', 'by another user');
    chownSync(path, NOBODY, NOBODY);
    equal(set(), 'ok', 'by its owner');
  },
  { needs: ['root', 'chown'] },
);

group.add(
  'names',
  'names of user attributes may hold any byte but NUL, up to 255 with the namespace; none and unknown ones are refused',
  (context) => {
    const { sys, path } = context;
    const file = path('file');
    writeFileSync(file, 'content');
    const names = [
      'user.a',
      'user.with space',
      'user.A=b/c?d&e%',
      'user.grün',
      'user..',
      `user.${'n'.repeat(250)}`,
    ];
    for (const name of names) {
      sys.call('lsetxattr', file, name, Buffer.from(name), Buffer.byteLength(name), XATTR.create);
      equal(sys.getxattr(file, name).toString(), name, `value of ${name}`);
    }
    const user = sys.listxattr(file).filter((name) => name.startsWith('user.'));
    equal(user.toSorted(), names.toSorted(), 'names');
    expectAnswers([
      ['no name', 'ERANGE', () => sys.call('lsetxattr', file, '', VALUE, 5, 0)],
      ['a namespace alone', 'EINVAL', () => sys.call('lsetxattr', file, 'user.', VALUE, 5, 0)],
      ['no namespace', 'EOPNOTSUPP', () => sys.call('lsetxattr', file, 'name', VALUE, 5, 0)],
      ['256 bytes', 'ERANGE', () => sys.call('lsetxattr', file, `user.${'n'.repeat(251)}`, VALUE, 5, 0)],
    ]);
    for (const name of names) sys.removexattr(file, name);
    equal(
      sys.listxattr(file).filter((name) => name.startsWith('user.')),
      [],
      'names that are left',
    );
    equal(readFileSync(file, 'utf8'), 'content', 'content');
  },
);

defineGroup(group);
