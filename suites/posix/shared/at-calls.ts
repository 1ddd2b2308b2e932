import { closeSync, writeFileSync } from 'node:fs';
import { AT, equal, type CaseContext, type Need } from '../../../src/harness/api/index.js';
import { O_CREAT, O_RDONLY, O_WRONLY } from './files.js';

const S_IFIFO = 0o010000;
const STATX_BASIC = 0x7ff;
/** Where a row of the table works. */
export type Place = Pick<CaseContext, 'sys' | 'directory' | 'path'>;

/** A call that resolves a path from a directory's descriptor. */
export interface AtCall {
  readonly name: string;
  readonly operation: string;
  readonly needs?: readonly Need[];
  /** What has to be there under the path. */
  readonly subject: 'nothing' | 'file' | 'directory' | 'symlink';
  call(context: Place, at: number, path: string): void;
  /** The path afterwards. @defaultValue as `subject` says, or something where that was nothing */
  readonly removes?: true;
}

function opener(flags: number): AtCall['call'] {
  return (context, at, path) => {
    closeSync(Number(context.sys.call('openat', at, path, flags, 0o640)));
  };
}

/** The second name that some of the calls use. */
export const OTHER = 'other';

/** Each call on a name that has a form with a descriptor; each page of section 2. */
export const AT_CALLS: readonly AtCall[] = [
  { name: 'openat', operation: 'open', subject: 'file', call: opener(O_RDONLY) },
  { name: 'openat-create', operation: 'create', subject: 'nothing', call: opener(O_WRONLY | O_CREAT) },
  {
    name: 'mkdirat',
    operation: 'mkdir',
    subject: 'nothing',
    call: ({ sys }, at, path) => void sys.call('mkdirat', at, path, 0o750),
  },
  {
    name: 'mknodat',
    operation: 'mknod',
    needs: ['mknod'],
    subject: 'nothing',
    call: ({ sys }, at, path) => void sys.call('mknodat', at, path, S_IFIFO | 0o640, 0),
  },
  {
    name: 'symlinkat',
    operation: 'symlink',
    needs: ['symlink'],
    subject: 'nothing',
    call: ({ sys }, at, path) => void sys.call('symlinkat', 'anywhere', at, path),
  },
  {
    name: 'linkat-to',
    operation: 'link',
    needs: ['hard-link'],
    subject: 'nothing',
    call: (context, at, path) => {
      const other = context.path(OTHER);
      writeFileSync(other, '');
      context.sys.call('linkat', AT.fdcwd, other, at, path, 0);
    },
  },
  {
    name: 'linkat-from',
    operation: 'link',
    needs: ['hard-link'],
    subject: 'file',
    call: (context, at, path) => void context.sys.call('linkat', at, path, AT.fdcwd, context.path(OTHER), 0),
  },
  {
    name: 'renameat-to',
    operation: 'rename',
    subject: 'nothing',
    call: (context, at, path) => {
      writeFileSync(context.path(OTHER), '');
      context.sys.call('renameat', AT.fdcwd, context.path(OTHER), at, path);
    },
  },
  {
    name: 'renameat-from',
    operation: 'rename',
    subject: 'file',
    removes: true,
    call: (context, at, path) => void context.sys.call('renameat', at, path, AT.fdcwd, context.path(OTHER)),
  },
  {
    name: 'unlinkat',
    operation: 'unlink',
    subject: 'file',
    removes: true,
    call: ({ sys }, at, path) => void sys.call('unlinkat', at, path, 0),
  },
  {
    name: 'unlinkat-directory',
    operation: 'rmdir',
    subject: 'directory',
    removes: true,
    call: ({ sys }, at, path) => void sys.call('unlinkat', at, path, AT.removeDirectory),
  },
  {
    name: 'readlinkat',
    operation: 'readlink',
    needs: ['symlink'],
    subject: 'symlink',
    call: ({ sys }, at, path) => {
      const target = Buffer.alloc(100);
      const length = Number(sys.call('readlinkat', at, path, target, target.length));
      equal(target.toString('utf8', 0, length), 'anywhere', 'target that readlinkat gives');
    },
  },
  {
    name: 'faccessat',
    operation: 'access',
    subject: 'file',
    call: ({ sys }, at, path) => void sys.call('faccessat', at, path, 4, 0),
  },
  {
    name: 'fchmodat',
    operation: 'chmod',
    subject: 'file',
    call: ({ sys }, at, path) => void sys.call('fchmodat', at, path, 0o600, 0),
  },
  {
    name: 'fchownat',
    operation: 'chown',
    needs: ['chown', 'root'],
    subject: 'file',
    call: ({ sys }, at, path) => void sys.call('fchownat', at, path, 12, 34, 0),
  },
  {
    name: 'utimensat',
    operation: 'utimens',
    subject: 'file',
    call: ({ sys }, at, path) => void sys.call('utimensat', at, path, new BigInt64Array(4), 0),
  },
  {
    name: 'statx',
    operation: 'stat',
    subject: 'file',
    call: ({ sys }, at, path) => void sys.call('statx', at, path, 0, STATX_BASIC, Buffer.alloc(256)),
  },
];
