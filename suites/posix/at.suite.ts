import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { AT, CaseList, O_PATH, defineGroup, equal, type CaseContext } from '../../src/harness/api/index.js';
import { O_DIRECTORY, O_RDONLY } from './shared/files.js';
import { answerOf } from './shared/answers.js';
import { AT_CALLS, OTHER, type AtCall, type Place } from './shared/at-calls.js';
import { seen } from './shared/kinds.js';

const group = new CaseList('posix', 'at', { operations: [], tier: 'full' });

const NO_DESCRIPTOR = 999_999;

function make(path: string, subject: AtCall['subject']): void {
  if (subject === 'file') writeFileSync(path, 'content', { mode: 0o644 });
  if (subject === 'directory') mkdirSync(path);
  if (subject === 'symlink') symlinkSync('anywhere', path);
}

/** Opens a directory, and closes it also when the body throws. */
function withDirectory(path: string, body: (at: number) => void, flags = O_RDONLY): void {
  const at = openSync(path, flags | O_DIRECTORY);
  try {
    body(at);
  } finally {
    closeSync(at);
  }
}

/** Makes the call on `name` from `at`, and looks at what stands under `path` afterwards. */
function expectDone(context: Place, target: AtCall, at: number, name: string, path: string): void {
  make(path, target.subject);
  target.call(context, at, name);
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  equal(isThere, target.removes !== true, `whether ${name} is there after ${target.name}`);
}

/** The answer to a call that has to fail, and nothing changed. */
function expectRefused(
  context: Place,
  target: AtCall,
  place: { readonly at: number; readonly name: string; readonly expected: string },
): void {
  const answer = answerOf(() => {
    target.call(context, place.at, place.name);
  });
  equal(answer, place.expected, `answer of ${target.name} with "${place.name}"`);
}

interface Row {
  readonly name: string;
  readonly says: string;
  readonly run: (context: Place, target: AtCall) => void;
}

const rows: readonly Row[] = [
  {
    name: 'relative',
    says: 'takes a relative path from the directory of the descriptor, also below it and by ".."',
    run: (context, target) => {
      mkdirSync(context.path('base', 'inner'), { recursive: true });
      withDirectory(context.path('base'), (at) => {
        for (const name of ['plain', 'inner/below', 'inner/../beside', '../above']) {
          expectDone(context, target, at, name, context.path('base', name));
          removeOther(context);
        }
      });
    },
  },
  {
    name: 'absolute',
    says: 'takes no notice of the descriptor with an absolute path, even where it is none',
    run: (context, target) => {
      mkdirSync(context.path('base'));
      expectDone(context, target, NO_DESCRIPTOR, context.path('base', 'x'), context.path('base', 'x'));
    },
  },
  {
    name: 'path-only',
    says: 'takes a descriptor that was opened with O_PATH',
    run: (context, target) => {
      mkdirSync(context.path('base'));
      withDirectory(
        context.path('base'),
        (at) => {
          expectDone(context, target, at, 'x', context.path('base', 'x'));
        },
        O_PATH,
      );
    },
  },
  {
    name: 'moved',
    says: 'follows a directory that was renamed after it was opened',
    run: (context, target) => {
      mkdirSync(context.path('base'));
      withDirectory(context.path('base'), (at) => {
        renameSync(context.path('base'), context.path('moved'));
        expectDone(context, target, at, 'x', context.path('moved', 'x'));
      });
      equal(seen(context.path('base')), 'nothing', 'the old name');
    },
  },
  {
    name: 'ebadf',
    says: 'fails with EBADF on a relative path from something that is no descriptor',
    run: (context, target) => {
      expectRefused(context, target, { at: NO_DESCRIPTOR, name: 'x', expected: 'EBADF' });
    },
  },
  {
    name: 'enotdir',
    says: 'fails with ENOTDIR on a relative path from the descriptor of a file',
    run: (context, target) => {
      writeFileSync(context.path('file'), '');
      const at = openSync(context.path('file'), 'r');
      try {
        expectRefused(context, target, { at, name: 'x', expected: 'ENOTDIR' });
      } finally {
        closeSync(at);
      }
    },
  },
  {
    name: 'removed',
    says: 'fails with ENOENT from a directory that was removed after it was opened',
    run: (context, target) => {
      mkdirSync(context.path('base'));
      withDirectory(context.path('base'), (at) => {
        rmdirSync(context.path('base'));
        expectRefused(context, target, { at, name: 'x', expected: 'ENOENT' });
      });
    },
  },
  {
    name: 'empty',
    says: 'fails with ENOENT on an empty path',
    run: (context, target) => {
      withDirectory(context.directory, (at) => {
        expectRefused(context, target, { at, name: '', expected: 'ENOENT' });
      });
    },
  },
];

/** The second name that some calls use, for the next round. */
function removeOther(context: Place): void {
  answerOf(() => void context.sys.call('unlinkat', AT.fdcwd, context.path(OTHER), 0));
}

/** A directory of its own for each row. */
function below({ sys, path }: CaseContext, name: string): Place {
  mkdirSync(path(name));
  return { sys, directory: path(name), path: (...segments) => path(name, ...segments) };
}

for (const target of AT_CALLS) {
  group.add(
    target.name,
    `${target.name.split('-')[0] ?? ''}(2) ${rows.map(({ says }) => says).join('; ')}`,
    (context) => {
      for (const row of rows) row.run(below(context, row.name), target);
    },
    { operations: [target.operation], ...(target.needs === undefined ? {} : { needs: target.needs }) },
  );
}

defineGroup(group);
