import { closeSync, constants, fstatSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { CaseList, codeOf, defineGroup, equal, type CaseContext } from '../../src/harness/api/index.js';
import {
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from './shared/files.js';
import { seen } from './shared/kinds.js';

const group = new CaseList('posix', 'open-matrix', {
  operations: ['open'],
  needs: ['symlink'],
  tier: 'full',
});

const { O_NONBLOCK } = constants;
const CONTENT = 'content';
type Place =
  'missing' | 'file' | 'directory' | 'link-to-file' | 'link-to-directory' | 'dangling-link' | 'loop';

/** What stands at the name that is opened. */
const places: Readonly<Record<Place, (path: string) => void>> = {
  missing: () => undefined,
  file: (path) => {
    writeFileSync(path, CONTENT);
  },
  directory: (path) => {
    mkdirSync(path);
  },
  'link-to-file': (path) => {
    writeFileSync(`${path}.target`, CONTENT);
    symlinkSync(`${path}.target`, path);
  },
  'link-to-directory': (path) => {
    mkdirSync(`${path}.target`);
    symlinkSync(`${path}.target`, path);
  },
  'dangling-link': (path) => {
    symlinkSync(`${path}.target`, path);
  },
  loop: (path) => {
    symlinkSync(path, path);
  },
};

/** Flags, and the answer for each place: open(2). */
const table: readonly (readonly [string, number, Readonly<Record<Place, string>>])[] = [
  ['read', O_RDONLY, answers('ENOENT file directory file directory ENOENT ELOOP')],
  ['write', O_WRONLY, answers('ENOENT file EISDIR file EISDIR ENOENT ELOOP')],
  ['both', O_RDWR, answers('ENOENT file EISDIR file EISDIR ENOENT ELOOP')],
  ['append', O_WRONLY | O_APPEND, answers('ENOENT file EISDIR file EISDIR ENOENT ELOOP')],
  ['truncate', O_WRONLY | O_TRUNC, answers('ENOENT empty EISDIR empty EISDIR ENOENT ELOOP')],
  ['create', O_WRONLY | O_CREAT, answers('new file EISDIR file EISDIR new ELOOP')],
  ['create-read', O_RDONLY | O_CREAT, answers('new file EISDIR file EISDIR new ELOOP')],
  ['create-truncate', O_RDWR | O_CREAT | O_TRUNC, answers('new empty EISDIR empty EISDIR new ELOOP')],
  ['create-new', O_RDWR | O_CREAT | O_EXCL, answers('new EEXIST EEXIST EEXIST EEXIST EEXIST EEXIST')],
  ['directory', O_RDONLY | O_DIRECTORY, answers('ENOENT ENOTDIR directory ENOTDIR directory ENOENT ELOOP')],
  ['no-follow', O_RDONLY | O_NOFOLLOW, answers('ENOENT file directory ELOOP ELOOP ELOOP ELOOP')],
  ['no-follow-create', O_WRONLY | O_CREAT | O_NOFOLLOW, answers('new file EISDIR ELOOP ELOOP ELOOP ELOOP')],
  [
    'no-follow-directory',
    O_RDONLY | O_NOFOLLOW | O_DIRECTORY,
    answers('ENOENT ENOTDIR directory ENOTDIR ENOTDIR ENOTDIR ENOTDIR'),
  ],
  ['no-wait', O_RDONLY | O_NONBLOCK, answers('ENOENT file directory file directory ENOENT ELOOP')],
];

/** One word for each place, in the order of {@link places}. */
function answers(words: string): Readonly<Record<Place, string>> {
  const list = words.split(' ');
  const pairs = Object.keys(places).map((place, index) => [place, list[index] ?? ''] as const);
  // One word for each key of `places`, which are all places.
  return Object.fromEntries(pairs) as Record<Place, string>;
}

function openIt(path: string, flags: number): string {
  let fd: number;
  try {
    fd = openSync(path, flags, 0o640);
  } catch (reason) {
    return codeOf(reason) ?? String(reason);
  }
  try {
    const status = fstatSync(fd);
    if (status.isDirectory()) return 'directory';
    return status.size === CONTENT.length ? 'file' : 'empty';
  } finally {
    closeSync(fd);
  }
}

function check(context: CaseContext, place: Place, flags: number, expected: string): void {
  const path = context.path('name');
  places[place](path);
  const before = seen(path);
  equal(openIt(path, flags), expected === 'new' ? 'empty' : expected, `what open(2) gave for a ${place}`);
  const after = seen(path);
  if (expected === 'new' && place === 'missing') equal(after === 'nothing', false, 'the new file is there');
  else if (expected === 'empty' && place === 'file') equal(after === before, false, 'the file was cut');
  else equal(after, before, `the name afterwards for a ${place}`);
  const targetAfter = seen(`${path}.target`);
  if (place === 'dangling-link')
    equal(targetAfter === 'nothing', expected !== 'new', 'the target is missing');
}

for (const [name, flags, expected] of table) {
  for (const place of Object.keys(places) as Place[]) {
    group.add(
      `${name}-of-${place}`,
      `open(2) to ${name.replaceAll('-', ' ')} a ${place.replaceAll('-', ' ')} gives: ${expected[place]}`,
      (context) => {
        check(context, place, flags, expected[place]);
        return Promise.resolve();
      },
    );
  }
}

defineGroup(group);
