import { linkSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import type { CaseContext, Need } from '../../../src/harness/api/index.js';

/** One kind of thing that a name can be, for tables over all of them. */
export interface Kind {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly needs: readonly Need[];
  /** Makes one; `mark` tells two of the same kind apart. */
  make(context: CaseContext, path: string, mark: string): void;
}

const S_IFIFO = 0o010000;
const S_IFSOCK = 0o140000;

/** Every kind that needs no privilege, with both kinds of directory that rename(2) tells apart. */
export const KINDS: readonly Kind[] = [
  {
    name: 'file',
    isDirectory: false,
    needs: [],
    make: (_context, path, mark) => {
      writeFileSync(path, mark);
    },
  },
  {
    name: 'linked-file',
    isDirectory: false,
    needs: ['hard-link'],
    make: (_context, path, mark) => {
      writeFileSync(`${path}.other-name`, mark);
      linkSync(`${path}.other-name`, path);
    },
  },
  {
    name: 'symlink',
    isDirectory: false,
    needs: ['symlink'],
    make: (_context, path, mark) => {
      symlinkSync(`target-of-${mark}`, path);
    },
  },
  {
    name: 'fifo',
    isDirectory: false,
    needs: ['mknod'],
    make: (context, path) => {
      context.sys.mknod(path, S_IFIFO | 0o640, 0);
    },
  },
  {
    name: 'socket',
    isDirectory: false,
    needs: ['mknod'],
    make: (context, path) => {
      context.sys.mknod(path, S_IFSOCK | 0o640, 0);
    },
  },
  {
    name: 'empty-directory',
    isDirectory: true,
    needs: [],
    make: (_context, path) => {
      mkdirSync(path);
    },
  },
  {
    name: 'full-directory',
    isDirectory: true,
    needs: [],
    make: (_context, path, mark) => {
      mkdirSync(path);
      writeFileSync(`${path}/inside`, mark);
    },
  },
];

/** What lstat(2) and, where it says more, readlink(2) tell of a path; `nothing` where there is nothing. */
export function seen(path: string): string {
  const status = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (status === undefined) return 'nothing';
  const target = status.isSymbolicLink() ? ` to ${readlinkSync(path)}` : '';
  // The size of a directory, and its number of links, are its own business.
  const size = status.isDirectory() ? '' : ` of ${status.size} bytes`;
  return `mode ${status.mode.toString(8)}, owner ${status.uid}:${status.gid}${size}${target}`;
}
