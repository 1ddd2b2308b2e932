import {
  chmodSync,
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {
  AT,
  CaseList,
  NOBODY,
  O_TMPFILE_BIT,
  defineGroup,
  equal,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { expectAnswers, withRaw } from './shared/answers.js';
import { O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } from './shared/files.js';

const group = new CaseList('posix', 'tmpfile', {
  operations: ['tmpfile'],
  needs: ['tmpfile'],
  tier: 'full',
});

const O_TMPFILE = O_TMPFILE_BIT | O_DIRECTORY;

function nameIt({ sys }: CaseContext, fd: number, path: string): void {
  sys.call('linkat', AT.fdcwd, `/proc/self/fd/${fd}`, AT.fdcwd, path, AT.symlinkFollow);
}

for (const sizeBytes of [0, 1, 131_073, 6_000_000]) {
  group.add(
    `named-with-${sizeBytes}-bytes`,
    `a file of O_TMPFILE with ${sizeBytes} bytes has no name until linkat(2) gives it one, and then its content`,
    (context) => {
      const content = context.bytes(sizeBytes);
      withRaw(context, context.directory, O_TMPFILE | O_RDWR, (fd) => {
        if (sizeBytes > 0) context.sys.call('pwrite', fd, content, sizeBytes, 0);
        equal([fstatSync(fd).nlink, fstatSync(fd).size], [0, sizeBytes], 'link count and size');
        equal(readdirSync(context.directory), [], 'names before');
        nameIt(context, fd, context.path('named'));
        equal(fstatSync(fd).nlink, 1, 'link count with a name');
      });
      sameBytes(readFileSync(context.path('named')), content, 'content');
      equal(readdirSync(context.directory), ['named'], 'names');
    },
    { operations: ['tmpfile', 'link'] },
  );
}

group.add(
  'goes-with-its-descriptor',
  'a file of O_TMPFILE that got no name leaves nothing, and is read and written while it is open',
  (context) => {
    withRaw(context, context.directory, O_TMPFILE | O_RDWR, (fd) => {
      context.sys.call('pwrite', fd, Buffer.from('content'), 7, 0);
      context.sys.call('ftruncate', fd, 4);
      context.sys.call('fsync', fd);
      const bytes = Buffer.alloc(20);
      equal(context.sys.call('pread', fd, bytes, 20, 0), 4n, 'bytes read');
      equal(bytes.toString('utf8', 0, 4), 'cont', 'content');
    });
    equal(readdirSync(context.directory), [], 'names');
  },
);

group.add(
  'refusals',
  'open(2) with O_TMPFILE wants a directory and a descriptor that can write; O_EXCL keeps names away',
  (context) => {
    const { sys, path, directory } = context;
    writeFileSync(path('file'), '');
    const open = (name: string, flags: number) => () => sys.call('open', name, flags, 0o600);
    expectAnswers([
      ['for reading only', 'EINVAL', open(directory, O_TMPFILE | O_RDONLY)],
      ['in a file', 'ENOTDIR', open(path('file'), O_TMPFILE | O_RDWR)],
      ['in a missing directory', 'ENOENT', open(path('missing'), O_TMPFILE | O_RDWR)],
    ]);
    withRaw(context, directory, O_TMPFILE | O_RDWR | O_EXCL, (fd) => {
      expectAnswers([
        [
          'a name for a file of O_EXCL',
          'ENOENT',
          () => {
            nameIt(context, fd, path('named'));
          },
        ],
      ]);
    });
    equal(readdirSync(directory), ['file'], 'names');
  },
);

group.add(
  'owner-and-mode',
  "a file of O_TMPFILE is the caller's, with the mode less the umask, and needs write permission on the directory",
  (context) => {
    chmodSync(context.directory, 0o755);
    const open = (): number => openSync(context.directory, O_TMPFILE | O_WRONLY, 0o666);
    const before = process.umask(0o027);
    try {
      context.sys.as({ uid: NOBODY, gid: NOBODY }, () => {
        expectAnswers([['in a closed directory', 'EACCES', open]]);
      });
      chmodSync(context.directory, 0o777);
      context.sys.as({ uid: NOBODY, gid: NOBODY }, () => {
        const fd = open();
        try {
          nameIt(context, fd, context.path('named'));
        } finally {
          closeSync(fd);
        }
      });
    } finally {
      process.umask(before);
    }
    const { uid, gid, mode } = statSync(context.path('named'));
    equal([uid, gid, (mode & 0o7777).toString(8)], [NOBODY, NOBODY, '640'], 'owner, group and mode');
  },
  { needs: ['root'] },
);

defineGroup(group);
