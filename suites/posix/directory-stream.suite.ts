import { mkdirSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { CaseList, SEEK, defineGroup, equal, ok, type CaseContext } from '../../src/harness/api/index.js';
import { expectAnswers, withRaw } from './shared/answers.js';
import { O_DIRECTORY, O_RDONLY, O_WRONLY } from './shared/files.js';
import { KINDS } from './shared/kinds.js';

// getdents64(2) with lseek(2) is what readdir(3), telldir(3), seekdir(3) and rewinddir(3) are made of.
const group = new CaseList('posix', 'directory-stream', { operations: ['readdir'], tier: 'full' });

interface Entry {
  readonly name: string;
  readonly ino: bigint;
  readonly type: number;
  /** Where the next entry begins: what telldir(3) tells after this one. */
  readonly next: bigint;
}

/** The entries that one call gives; none at the end. */
function read({ sys }: CaseContext, fd: number, roomBytes: number): readonly Entry[] {
  const raw = Buffer.alloc(roomBytes);
  const length = Number(sys.call('getdents', fd, raw, roomBytes));
  const entries: Entry[] = [];
  for (let at = 0; at < length; at += raw.readUInt16LE(at + 16)) {
    const end = raw.indexOf(0, at + 19);
    entries.push({
      ino: raw.readBigUInt64LE(at),
      next: raw.readBigInt64LE(at + 8),
      type: raw[at + 18] ?? 0,
      name: raw.toString('utf8', at + 19, end),
    });
  }
  return entries;
}

function readAll(context: CaseContext, fd: number, roomBytes = 4096): readonly Entry[] {
  const all: Entry[] = [];
  for (;;) {
    const some = read(context, fd, roomBytes);
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function namesOf(entries: readonly Entry[]): readonly string[] {
  return entries.map(({ name }) => name).toSorted();
}

function fill(context: CaseContext, count: number): readonly string[] {
  const names = Array.from({ length: count }, (_, index) => `entry-${String(index).padStart(4, '0')}`);
  for (const name of names) writeFileSync(context.path(name), '');
  return ['.', '..', ...names];
}

function opened<T>(context: CaseContext, body: (fd: number) => T, name = ''): T {
  return withRaw(context, context.path(name), O_RDONLY | O_DIRECTORY, body);
}

const ROOMS = [64, 280, 1000, 4096, 32_768];

group.add(
  'rooms',
  'getdents64(2) gives each name once, with . and .., whatever room it is given, and nothing at the end each time',
  (context) => {
    const names = fill(context, 60);
    for (const room of ROOMS) {
      opened(context, (fd) => {
        equal(namesOf(readAll(context, fd, room)), names, `names by ${room} bytes`);
        equal(read(context, fd, room), [], `at the end by ${room} bytes`);
      });
    }
  },
);

for (const kind of KINDS) {
  group.add(
    `type-of-a-${kind.name}`,
    `getdents64(2) tells type and inode of a ${kind.name}, or that the type is unknown`,
    (context) => {
      mkdirSync(context.path('parent'));
      kind.make(context, context.path('parent', 'it'), 'mark');
      const status = statSync(context.path('parent', 'it'), { bigint: true, throwIfNoEntry: false });
      const entry = opened(context, (fd) => readAll(context, fd), 'parent').find(({ name }) => name === 'it');
      if (kind.name === 'symlink' || status === undefined) {
        equal([0, 10].includes(entry?.type ?? -1), true, `type ${entry?.type ?? 'none'} of a link`);
        return;
      }
      // IFTODT of dirent.h: the type is the upper four bits of the mode.
      const expected = Number(status.mode >> 12n);
      equal(
        [0, expected].includes(entry?.type ?? -1),
        true,
        `type ${entry?.type ?? 'none'}, expected ${expected}`,
      );
      equal(entry?.ino, status.ino, 'inode');
    },
    { needs: kind.needs },
  );
}

group.add(
  'cookies',
  'lseek(2) to what telldir(3) tells after any entry gives exactly the entries behind it',
  (context) => {
    fill(context, 40);
    opened(context, (fd) => {
      const all = readAll(context, fd, 1000);
      for (const [index, { next, name }] of all.entries()) {
        context.sys.call('lseek', fd, next, SEEK.set);
        const rest = namesOf(readAll(context, fd, 1000));
        equal(rest, namesOf(all.slice(index + 1)), `names behind ${name}`);
      }
      equal(new Set(all.map(({ next }) => next)).size, all.length, 'number of different places');
    });
  },
);

group.add(
  'rewind',
  'lseek(2) to 0, as rewinddir(3) does, shows what was made and removed meanwhile',
  (context) => {
    const names = fill(context, 20);
    opened(context, (fd) => {
      equal(namesOf(readAll(context, fd)), names, 'names at first');
      unlinkSync(context.path('entry-0007'));
      writeFileSync(context.path('late'), '');
      context.sys.call('lseek', fd, 0, SEEK.set);
      const expected = [...names.filter((name) => name !== 'entry-0007'), 'late'].toSorted();
      equal(namesOf(readAll(context, fd)), expected, 'names after rewinddir');
    });
  },
);

/** What happens to the directory while it is read half: readdir(3) leaves open only what was made or removed. */
const changes: readonly (readonly [string, (context: CaseContext) => void])[] = [
  [
    'all-are-removed',
    (context) => {
      for (let at = 0; at < 90; at += 1) unlinkSync(context.path(entryName(at)));
    },
  ],
  [
    'each-second-is-removed',
    (context) => {
      for (let at = 0; at < 90; at += 2) unlinkSync(context.path(entryName(at)));
    },
  ],
  [
    'many-are-made',
    (context) => {
      for (let at = 0; at < 60; at += 1) writeFileSync(context.path(`new-${at}`), '');
    },
  ],
];

function entryName(at: number): string {
  return `entry-${String(at).padStart(4, '0')}`;
}

for (const [name, change] of changes) {
  group.add(
    `while-${name}`,
    `a listing that is half read when ${name.replaceAll('-', ' ')} has no name twice and misses none that stays`,
    (context) => {
      fill(context, 90);
      opened(context, (fd) => {
        const seen = [...read(context, fd, 2000)];
        change(context);
        seen.push(...readAll(context, fd, 2000));
        const names = namesOf(seen);
        equal(new Set(names).size, names.length, 'count of different names');
        // Where `.` and `..` stand may change with the form that a directory has on disk.
        const stays = namesOf(opened(context, (again) => readAll(context, again))).filter((each) =>
          each.startsWith('entry-'),
        );
        equal(
          stays.filter((each) => !names.includes(each)),
          [],
          'names that stayed and were missed',
        );
      });
    },
    { timeoutMs: 30_000 },
  );
}

group.add(
  'duplicate-shares-the-place',
  'dup(2) of a directory shares the place in its listing',
  (context) => {
    const names = fill(context, 50);
    opened(context, (fd) => {
      const twin = context.sys.dup(fd);
      const first = read(context, fd, 500);
      const rest = readAll(context, twin, 500);
      context.sys.call('close', twin);
      ok(first.length > 0 && rest.length > 0, 'both gave entries');
      equal(namesOf([...first, ...rest]), names, 'names of both together');
      equal(read(context, fd, 500), [], 'left for the first');
    });
  },
);

group.add(
  'refusals',
  'getdents64(2) refuses a file, no descriptor, too little room and a directory that was removed',
  (context) => {
    const { sys, path } = context;
    writeFileSync(path('file'), '');
    mkdirSync(path('gone'));
    const ask = (fd: number, room: number) => () => sys.call('getdents', fd, Buffer.alloc(room), room);
    withRaw(context, path('file'), O_RDONLY, (fd) => {
      expectAnswers([['a file', 'ENOTDIR', ask(fd, 1000)]]);
    });
    opened(context, (fd) => {
      expectAnswers([
        ['room for no entry', 'EINVAL', ask(fd, 8)],
        ['no room', 'EINVAL', ask(fd, 0)],
      ]);
    });
    opened(
      context,
      (fd) => {
        rmdirSync(path('gone'));
        expectAnswers([['a removed directory', 'ENOENT', ask(fd, 1000)]]);
      },
      'gone',
    );
    expectAnswers([
      ['no descriptor', 'EBADF', ask(999_999, 1000)],
      ['a directory for writing', 'EISDIR', () => sys.call('open', path(), O_WRONLY, 0)],
    ]);
  },
);

defineGroup(group);
