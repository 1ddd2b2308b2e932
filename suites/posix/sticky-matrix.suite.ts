import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import {
  CaseList,
  RENAME,
  defineGroup,
  equal,
  type CaseContext,
  type Need,
} from '../../src/harness/api/index.js';
import { answerOf } from './shared/answers.js';
import { KINDS, seen, type Kind } from './shared/kinds.js';

const group = new CaseList('posix', 'sticky-matrix', {
  operations: ['unlink', 'rmdir', 'rename'],
  needs: ['root', 'chown'],
  tier: 'full',
});

const CALLER = 4321;
const OTHER = 8765;

/** Who owns the directory and what is in it; unlink(2) and rename(2), EPERM. */
const owners = [
  { name: 'own-directory', directory: CALLER, entry: OTHER, mayTake: true },
  { name: 'own-entry', directory: OTHER, entry: CALLER, mayTake: true },
  { name: 'own-both', directory: CALLER, entry: CALLER, mayTake: true },
  { name: 'own-nothing', directory: OTHER, entry: OTHER, mayTake: false },
] as const;

interface Deed {
  readonly name: string;
  readonly fits: (kind: Kind) => boolean;
  readonly needs?: readonly Need[];
  readonly run: (context: CaseContext, directory: string) => void;
}

const deeds: readonly Deed[] = [
  {
    name: 'unlink',
    fits: ({ isDirectory }) => !isDirectory,
    run: (_context, directory) => {
      unlinkSync(`${directory}/it`);
    },
  },
  {
    name: 'rmdir',
    fits: ({ name }) => name === 'empty-directory',
    run: (_context, directory) => {
      rmdirSync(`${directory}/it`);
    },
  },
  {
    name: 'rename-within',
    fits: ({ name }) => name !== 'full-directory',
    run: (_context, directory) => {
      renameSync(`${directory}/it`, `${directory}/moved`);
    },
  },
  {
    name: 'rename-out',
    // A directory that gets another parent must be written itself: rename(2), EACCES.
    fits: ({ isDirectory }) => !isDirectory,
    run: (_context, directory) => {
      renameSync(`${directory}/it`, `${directory}.open/moved`);
    },
  },
  {
    name: 'replace',
    fits: ({ isDirectory }) => !isDirectory,
    run: (_context, directory) => {
      renameSync(`${directory}.open/mine`, `${directory}/it`);
    },
  },
  {
    name: 'exchange',
    fits: ({ isDirectory }) => !isDirectory,
    needs: ['rename-exchange', 'rename-flags'],
    run: ({ sys }, directory) => {
      sys.renameat2(`${directory}.open/mine`, `${directory}/it`, RENAME.exchange);
    },
  },
];

/** A directory that all may write to, with one entry, beside an open one with a file of the caller. */
function prepare(context: CaseContext, kind: Kind, who: (typeof owners)[number], isSticky: boolean): string {
  const directory = context.path(`${who.name}-${isSticky ? 'sticky' : 'open'}`);
  mkdirSync(directory);
  mkdirSync(`${directory}.open`);
  writeFileSync(`${directory}.open/mine`, 'of the caller');
  chownSync(`${directory}.open/mine`, CALLER, CALLER);
  chmodSync(`${directory}.open`, 0o777);
  kind.make(context, `${directory}/it`, 'mark');
  lchownSync(`${directory}/it`, who.entry, who.entry);
  chmodSync(directory, isSticky ? 0o1777 : 0o777);
  chownSync(directory, who.directory, who.directory);
  return directory;
}

function check(context: CaseContext, kind: Kind, deed: Deed): void {
  chmodSync(context.directory, 0o755);
  for (const who of owners) {
    for (const isSticky of [true, false]) {
      const directory = prepare(context, kind, who, isSticky);
      const before = seen(`${directory}/it`);
      const what = `${deed.name} of a ${kind.name}, ${who.name}, ${isSticky ? 'sticky' : 'not sticky'}`;
      const answer = context.sys.as({ uid: CALLER, gid: CALLER }, () =>
        answerOf(() => {
          deed.run(context, directory);
        }),
      );
      const isAllowed = !isSticky || who.mayTake;
      equal(answer, isAllowed ? 'ok' : 'EPERM', `answer to ${what}`);
      equal(seen(`${directory}/it`) === before, !isAllowed, `it is as it was after ${what}`);
    }
  }
}

for (const kind of KINDS) {
  for (const deed of deeds.filter(({ fits }) => fits(kind))) {
    group.add(
      `${deed.name}-${kind.name}`,
      `${deed.name} of a ${kind.name} in a sticky directory is for the owners of entry and directory, else for all`,
      (context) => {
        check(context, kind, deed);
      },
      { needs: [...kind.needs, ...(deed.needs ?? [])] },
    );
  }
}

defineGroup(group);
