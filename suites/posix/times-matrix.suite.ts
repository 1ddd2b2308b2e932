import * as fs from 'node:fs';
import { CaseList, defineGroup, equal, type CaseContext, type Need } from '../../src/harness/api/index.js';
import { clockPast, makeFile, stats } from './shared/files.js';

const group = new CaseList('posix', 'times-matrix', { operations: ['stat'], tier: 'full' });

const FIELDS = ['mtimeNs', 'ctimeNs'] as const;
type Field = (typeof FIELDS)[number];

/** An operation on `d/name`, and which times it must move: those of the file, of its directory. POSIX, each page. */
interface Mover {
  readonly name: string;
  readonly kind: 'file' | 'directory';
  readonly needs?: readonly Need[];
  readonly call: (context: CaseContext, path: string) => void;
  /** Of the file itself; absent where it is gone afterwards. */
  readonly own?: readonly Field[];
  readonly parent: readonly Field[];
}

const movers: readonly Mover[] = [
  { name: 'stat', kind: 'file', own: [], parent: [], call: (_c, path) => fs.statSync(path) },
  { name: 'read', kind: 'file', own: [], parent: [], call: (_c, path) => fs.readFileSync(path) },
  {
    name: 'access',
    kind: 'file',
    own: [],
    parent: [],
    call: (_c, path) => {
      fs.accessSync(path);
    },
  },
  {
    name: 'write',
    kind: 'file',
    own: FIELDS,
    parent: [],
    call: (_c, path) => {
      fs.writeFileSync(path, 'x', { flag: 'r+' });
    },
  },
  {
    name: 'append',
    kind: 'file',
    own: FIELDS,
    parent: [],
    call: (_c, path) => {
      fs.appendFileSync(path, 'x');
    },
  },
  {
    name: 'truncate',
    kind: 'file',
    own: FIELDS,
    parent: [],
    call: (_c, path) => {
      fs.truncateSync(path, 1);
    },
  },
  {
    name: 'chmod',
    kind: 'file',
    own: ['ctimeNs'],
    parent: [],
    call: (_c, path) => {
      fs.chmodSync(path, 0o600);
    },
  },
  {
    name: 'chown',
    kind: 'file',
    needs: ['chown'],
    own: ['ctimeNs'],
    parent: [],
    call: (_c, path) => {
      fs.chownSync(path, 1, 1);
    },
  },
  {
    name: 'set-times',
    kind: 'file',
    own: ['ctimeNs'],
    parent: [],
    call: (c, path) => {
      c.sys.utimensat(path, 'now', 'omit');
    },
  },
  {
    name: 'set-attribute',
    kind: 'file',
    needs: ['xattr'],
    own: ['ctimeNs'],
    parent: [],
    call: (c, path) => {
      c.sys.setxattr(path, 'user.x', Buffer.from('1'));
    },
  },
  {
    name: 'link',
    kind: 'file',
    needs: ['hard-link'],
    own: ['ctimeNs'],
    parent: FIELDS,
    call: (_c, path) => {
      fs.linkSync(path, `${path}.second`);
    },
  },
  {
    name: 'unlink',
    kind: 'file',
    parent: FIELDS,
    call: (_c, path) => {
      fs.unlinkSync(path);
    },
  },
  {
    name: 'rename',
    kind: 'file',
    parent: FIELDS,
    call: (_c, path) => {
      fs.renameSync(path, `${path}.moved`);
    },
  },
  {
    name: 'create-beside',
    kind: 'file',
    own: [],
    parent: FIELDS,
    call: (_c, path) => {
      fs.writeFileSync(`${path}.new`, '');
    },
  },
  {
    name: 'mkdir-beside',
    kind: 'file',
    own: [],
    parent: FIELDS,
    call: (_c, path) => {
      fs.mkdirSync(`${path}.new`);
    },
  },
  {
    name: 'symlink-beside',
    kind: 'file',
    needs: ['symlink'],
    own: [],
    parent: FIELDS,
    call: (_c, path) => {
      fs.symlinkSync('x', `${path}.new`);
    },
  },
  {
    name: 'mknod-beside',
    kind: 'file',
    needs: ['mknod'],
    own: [],
    parent: FIELDS,
    call: (c, path) => {
      c.sys.mknod(`${path}.new`, 0o010600, 0);
    },
  },
  {
    name: 'create-inside',
    kind: 'directory',
    own: FIELDS,
    parent: [],
    call: (_c, path) => {
      fs.writeFileSync(`${path}/new`, '');
    },
  },
  {
    name: 'mkdir-inside',
    kind: 'directory',
    own: FIELDS,
    parent: [],
    call: (_c, path) => {
      fs.mkdirSync(`${path}/new`);
    },
  },
  { name: 'list', kind: 'directory', own: [], parent: [], call: (_c, path) => fs.readdirSync(path) },
  {
    name: 'chmod-directory',
    kind: 'directory',
    own: ['ctimeNs'],
    parent: [],
    call: (_c, path) => {
      fs.chmodSync(path, 0o700);
    },
  },
  {
    name: 'rmdir',
    kind: 'directory',
    parent: FIELDS,
    call: (_c, path) => {
      fs.rmdirSync(path);
    },
  },
  {
    name: 'rename-directory',
    kind: 'directory',
    parent: FIELDS,
    call: (_c, path) => {
      fs.renameSync(path, `${path}.moved`);
    },
  },
];

async function check(context: CaseContext, mover: Mover): Promise<void> {
  const parent = context.path('d');
  const path = context.path('d', 'name');
  fs.mkdirSync(parent);
  if (mover.kind === 'file') await makeFile(context, 'd/name', 'content');
  else fs.mkdirSync(path);
  const ownBefore = await stats(path);
  const parentBefore = await stats(parent);
  const latest = ownBefore.ctimeNs > parentBefore.ctimeNs ? ownBefore.ctimeNs : parentBefore.ctimeNs;
  await clockPast(context, latest);
  mover.call(context, path);
  const parentAfter = await stats(parent);
  for (const field of FIELDS) {
    equal(
      parentAfter[field] > parentBefore[field],
      mover.parent.includes(field),
      `${field} of the directory moved`,
    );
  }
  if (mover.own === undefined) return;
  const ownAfter = await stats(path);
  for (const field of FIELDS) {
    equal(
      ownAfter[field] > ownBefore[field],
      mover.own.includes(field),
      `${field} of the ${mover.kind} moved`,
    );
  }
}

for (const mover of movers) {
  group.add(
    mover.name,
    `${mover.name.replaceAll('-', ' ')} moves mtime and ctime of its ${mover.kind} and of the directory as POSIX says`,
    (context) => check(context, mover),
    { needs: mover.needs ?? [] },
  );
}

defineGroup(group);
