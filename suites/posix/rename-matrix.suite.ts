import { readFileSync, renameSync } from 'node:fs';
import {
  CaseList,
  RENAME,
  codeOf,
  defineGroup,
  equal,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { KINDS, seen, type Kind } from './shared/kinds.js';

const group = new CaseList('posix', 'rename-matrix', { operations: ['rename'], tier: 'full' });

/** One way to rename, and what it answers for a new name that is taken: rename(2). */
interface Way {
  readonly name: string;
  readonly call: (context: CaseContext, from: string, to: string) => void;
  readonly answers: (source: Kind, target: Kind | undefined) => readonly string[];
}

const ways: readonly Way[] = [
  {
    name: 'plain',
    call: (_context, from, to) => {
      renameSync(from, to);
    },
    answers: (source, target) => {
      if (target === undefined) return ['ok'];
      if (!source.isDirectory) return [target.isDirectory ? 'EISDIR' : 'ok'];
      if (!target.isDirectory) return ['ENOTDIR'];
      return target.name === 'full-directory' ? ['ENOTEMPTY', 'EEXIST'] : ['ok'];
    },
  },
  {
    name: 'noreplace',
    call: (context, from, to) => {
      context.sys.renameat2(from, to, RENAME.noReplace);
    },
    answers: (_source, target) => [target === undefined ? 'ok' : 'EEXIST'],
  },
  {
    name: 'exchange',
    call: (context, from, to) => {
      context.sys.renameat2(from, to, RENAME.exchange);
    },
    answers: (_source, target) => [target === undefined ? 'ENOENT' : 'ok'],
  },
];

const NEEDS = { plain: [], noreplace: ['rename-flags'], exchange: ['rename-exchange'] } as const;

/** Two names with what they show: whether a call has moved, exchanged or left them. */
function shown(from: string, to: string): readonly [string, string] {
  return [seen(from), seen(to)];
}

function answerOf(call: () => void): string {
  try {
    call();
    return 'ok';
  } catch (reason) {
    return codeOf(reason) ?? String(reason);
  }
}

function check(context: CaseContext, way: Way, source: Kind, target: Kind | undefined): void {
  const what = `${source.name} to ${target?.name ?? 'a free name'}`;
  const from = context.path(`${target?.name ?? 'free'}.from`);
  const to = context.path(`${target?.name ?? 'free'}.to`);
  source.make(context, from, 'the source');
  target?.make(context, to, 'the-target');
  const before = shown(from, to);
  const expected = way.answers(source, target);
  const answer = answerOf(() => {
    way.call(context, from, to);
  });
  equal(expected.includes(answer), true, `answer ${answer} of ${what}, expected ${expected.join(' or ')}`);
  const after = shown(from, to);
  if (answer !== 'ok') equal(after, before, `both names after ${what} failed`);
  else if (way.name === 'exchange') equal(after, [before[1], before[0]], `both names after ${what}`);
  else equal(after, ['nothing', before[0]], `both names after ${what}`);
  const moved = answer === 'ok' ? to : from;
  if (source.name === 'file') equal(readFileSync(moved, 'utf8'), 'the source', `content after ${what}`);
  if (source.name === 'full-directory') {
    equal(readFileSync(`${moved}/inside`, 'utf8'), 'the source', `content inside after ${what}`);
  }
}

for (const way of ways) {
  for (const source of KINDS) {
    for (const target of [...KINDS, undefined]) {
      const onto = target?.name ?? 'a-free-name';
      group.add(
        `${way.name}-${source.name}-to-${onto}`,
        `rename (${way.name}) of a ${source.name} to ${onto} answers as rename(2) says, and moves all or nothing`,
        (context) => {
          check(context, way, source, target);
          return Promise.resolve();
        },
        { needs: [...NEEDS[way.name as keyof typeof NEEDS], ...source.needs, ...(target?.needs ?? [])] },
      );
    }
  }
}

defineGroup(group);
