import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { AT, CaseList, defineGroup, equal, type CaseContext } from '../../src/harness/api/index.js';
import { answerOf } from './shared/answers.js';

const group = new CaseList('posix', 'owner-matrix', {
  operations: [],
  needs: ['root', 'chown'],
  tier: 'full',
});

const OWNER = 4321;
const GROUP = 4000;
const SECOND_GROUP = 4001;
const FOREIGN_GROUP = 4002;
const ROOT = { name: 'root', uid: 0, gid: 0, groups: [] } as const;

/** Who makes the call on a file of {@link OWNER}:{@link GROUP}. */
const callers = [
  ROOT,
  { name: 'owner', uid: OWNER, gid: GROUP, groups: [SECOND_GROUP] },
  { name: 'owner-outside-the-group', uid: OWNER, gid: SECOND_GROUP, groups: [] },
  { name: 'member', uid: 5000, gid: GROUP, groups: [] },
  { name: 'stranger', uid: 5000, gid: 5000, groups: [] },
] as const;
type Caller = (typeof callers)[number];

function answerAs(context: CaseContext, caller: Caller, call: () => unknown): string {
  if (caller === ROOT) return answerOf(call);
  return context.sys.as(caller, () => answerOf(call));
}

function make(context: CaseContext, kind: 'file' | 'directory', name: string, mode: number): string {
  const path = context.path(name);
  if (kind === 'file') writeFileSync(path, 'content');
  else mkdirSync(path);
  chownSync(path, OWNER, GROUP);
  chmodSync(path, mode);
  chmodSync(context.directory, 0o755);
  return path;
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8).padStart(4, '0');
}

const isOwner = (caller: Caller): boolean => caller.uid === OWNER;
const MODES = [0o000, 0o644, 0o755, 0o1755, 0o2755, 0o4755, 0o6777, 0o7777];

for (const kind of ['file', 'directory'] as const) {
  for (const caller of callers) {
    group.add(
      `chmod-of-a-${kind}-by-${caller.name}`,
      `chmod(2) of a ${kind} by ${caller.name.replaceAll('-', ' ')}: owner and root may, and outside the group set-group-ID goes`,
      (context) => {
        const path = make(context, kind, kind, 0o700);
        for (const mode of MODES) {
          chmodSync(path, 0o700);
          const answer = answerAs(context, caller, () => {
            chmodSync(path, mode);
          });
          const isAllowed = caller === ROOT || isOwner(caller);
          equal(answer, isAllowed ? 'ok' : 'EPERM', `answer to ${mode.toString(8)}`);
          const kept = caller.name === 'owner-outside-the-group' ? mode & ~0o2000 : mode;
          const expected = (isAllowed ? kept : 0o700).toString(8).padStart(4, '0');
          equal(modeOf(path), expected, `mode after ${mode.toString(8)}`);
        }
      },
      { operations: ['chmod'] },
    );

    group.add(
      `chown-of-a-${kind}-by-${caller.name}`,
      `chown(2) of a ${kind} by ${caller.name.replaceAll('-', ' ')}: root may all, the owner may take a group of theirs`,
      (context) => {
        const path = make(context, kind, kind, 0o755);
        const groups: readonly number[] = [caller.gid, ...caller.groups];
        for (const uid of [-1, OWNER, 5000, 0]) {
          for (const gid of [-1, GROUP, SECOND_GROUP, FOREIGN_GROUP]) {
            chownSync(path, OWNER, GROUP);
            const answer = answerAs(context, caller, () =>
              context.sys.call('fchownat', AT.fdcwd, path, uid >>> 0, gid >>> 0, 0),
            );
            const leavesOwner = uid === -1 || uid === OWNER;
            const leavesGroup = gid === -1 || gid === GROUP || groups.includes(gid);
            // Nothing is asked of a call that changes nothing: chown(2), POSIX leaves it open, Linux allows it.
            const isAllowed =
              caller === ROOT ||
              (uid === -1 && gid === -1) ||
              (isOwner(caller) && leavesOwner && leavesGroup);
            equal(answer, isAllowed ? 'ok' : 'EPERM', `answer to ${uid}:${gid}`);
            const { uid: uidNow, gid: gidNow } = statSync(path);
            const expected = isAllowed
              ? [uid === -1 ? OWNER : uid, gid === -1 ? GROUP : gid]
              : [OWNER, GROUP];
            equal([uidNow, gidNow], expected, `owner and group after ${uid}:${gid}`);
          }
        }
      },
      { operations: ['chown'] },
    );
  }
}

/** Calls that may take set-user-ID and set-group-ID away, and for whom: chown(2), write(2), truncate(2). */
const touches = [
  {
    name: 'write',
    call: (path: string) => {
      writeFileSync(path, 'x', { flag: 'r+' });
    },
    byRoot: false,
  },
  {
    name: 'append',
    call: (path: string) => {
      writeFileSync(path, 'x', { flag: 'a' });
    },
    byRoot: false,
  },
  {
    name: 'truncate',
    call: (path: string) => {
      truncateSync(path, 1);
    },
    byRoot: false,
  },
  {
    name: 'chown',
    call: (path: string) => {
      chownSync(path, OWNER, GROUP);
    },
    byRoot: true,
  },
] as const;

for (const { name, call, byRoot } of touches) {
  group.add(
    `${name}-takes-set-id-bits`,
    `${name} of an executable takes set-user-ID and set-group-ID away${byRoot ? '' : ' unless root does it'}, and leaves the other bits`,
    (context) => {
      for (const mode of [0o0755, 0o4755, 0o2775, 0o6775, 0o6777, 0o1755]) {
        for (const caller of callers.filter((each) => each === ROOT || isOwner(each))) {
          const path = make(context, 'file', `${mode.toString(8)}-${caller.name}`, mode);
          // An owner outside the group can not give the file that group: that call is another row's.
          if (name === 'chown' && caller.name === 'owner-outside-the-group') continue;
          equal(
            answerAs(context, caller, () => {
              call(path);
            }),
            'ok',
            `answer to ${caller.name}`,
          );
          const kept = caller === ROOT && !byRoot ? mode : mode & ~0o6000;
          equal(
            modeOf(path),
            kept.toString(8).padStart(4, '0'),
            `mode ${mode.toString(8)} after ${name} by ${caller.name}`,
          );
        }
      }
    },
    { operations: [name === 'append' ? 'write' : name] },
  );
}

const NOW = 0x3fff_ffffn;
const OMIT = 0x3fff_fffen;
/** What utimensat(2) is asked: the two values of nanoseconds, and who may: `writers` too, or `all`. */
const times: readonly (readonly [string, bigint, bigint, 'owner' | 'writers' | 'all'])[] = [
  ['now-and-now', NOW, NOW, 'writers'],
  ['omit-and-omit', OMIT, OMIT, 'all'],
  ['now-and-omit', NOW, OMIT, 'owner'],
  ['omit-and-now', OMIT, NOW, 'owner'],
  ['given-and-given', 5n, 6n, 'owner'],
  ['given-and-now', 5n, NOW, 'owner'],
];

group.add(
  'times',
  'utimensat(2) lets who may write set both times to now, all change nothing, and only owner and root the rest',
  (context) => {
    for (const mode of [0o600, 0o660, 0o666]) {
      for (const caller of callers) {
        const path = make(context, 'file', `${mode.toString(8)}-${caller.name}`, mode);
        const mayWrite = mode === 0o666 || (mode === 0o660 && caller.gid === GROUP);
        for (const [what, atimeNs, mtimeNs, who] of times) {
          utimesSync(path, 1, 1);
          const values = BigInt64Array.of(2n, atimeNs, 2n, mtimeNs);
          const answer = answerAs(context, caller, () =>
            context.sys.call('utimensat', AT.fdcwd, path, values, 0),
          );
          const isAllowed =
            caller === ROOT || isOwner(caller) || who === 'all' || (who === 'writers' && mayWrite);
          const refused = who === 'writers' ? 'EACCES' : 'EPERM';
          equal(answer, isAllowed ? 'ok' : refused, `${what} of mode ${mode.toString(8)} by ${caller.name}`);
          const moved = isAllowed && mtimeNs !== OMIT;
          equal(statSync(path).mtimeMs !== 1000, moved, `mtime moved: ${what} by ${caller.name}`);
        }
      }
    }
  },
  { operations: ['utimens'] },
);

group.add(
  'new-things',
  'files, directories and links are of their maker, with the group of a set-group-ID directory, which directories inherit',
  (context) => {
    const parent = make(context, 'directory', 'parent', 0o2777);
    const plain = make(context, 'directory', 'plain', 0o777);
    for (const caller of callers) {
      for (const [where, gid] of [
        [parent, GROUP],
        [plain, caller.gid],
      ] as const) {
        const at = (name: string): string => `${where}/${name}-of-${caller.name}`;
        const answer = answerAs(context, caller, () => {
          writeFileSync(at('file'), '');
          mkdirSync(at('directory'));
          linkSync(at('file'), at('link'));
        });
        equal(answer, 'ok', `answer to ${caller.name}`);
        for (const name of ['file', 'directory', 'link']) {
          const status = statSync(at(name));
          equal([status.uid, status.gid], [caller.uid, gid], `owner of ${name} of ${caller.name}`);
        }
        const bit = statSync(at('directory')).mode & 0o2000;
        equal(bit !== 0, where === parent, `set-group-ID of the directory of ${caller.name}`);
      }
    }
  },
  { operations: ['create', 'mkdir', 'link'], needs: ['hard-link'] },
);

defineGroup(group);
