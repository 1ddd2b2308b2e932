import { constants } from 'node:fs';
import { Inode } from './inode.js';

/** Symbolic links that one walk may follow, path_resolution(7). */
const MOST_LINKS = 40;

/** The path of the root itself. */
export const TOP = '.';

/** An operation ends with this errno. */
export class Errno extends Error {
  readonly names: readonly string[];

  constructor(...names: readonly string[]) {
    super(names.join(' or '));
    this.names = names;
  }
}

/** Where a path leads: the directory and the name in it, and what has that name, if anything. */
export interface Place {
  readonly directory: Inode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

/** Directories and names as path_resolution(7) walks them, for root. */
export class Tree {
  readonly root = new Inode('directory', 0o755);

  /** @throws Errno where a directory on the way is missing or is none. */
  place(path: string, follow: boolean): Place {
    return walk(this.root, path, follow, { links: 0 });
  }

  /** @throws Errno also where nothing is there. */
  find(path: string, follow: boolean): Inode {
    const { inode } = this.place(path, follow);
    if (inode === undefined) throw new Errno('ENOENT');
    return inode;
  }

  /** @throws Errno `EEXIST` where something has the name. */
  vacant(path: string): Place {
    const place = this.place(path, false);
    if (place.inode !== undefined) throw new Errno('EEXIST');
    return place;
  }

  /** Each name below the root with what it names, parents first. */
  *all(directory = this.root, prefix = ''): Generator<readonly [path: string, inode: Inode]> {
    for (const [name, inode] of directory.entries) {
      const path = `${prefix}${name}`;
      yield [path, inode];
      if (inode.kind === 'directory') yield* this.all(inode, `${path}/`);
    }
  }
}

/** A new name in a directory. */
export function enter({ directory, name }: Place, inode: Inode): void {
  directory.entries.set(name, inode);
  directory.mtimeNs = undefined;
}

/** A name goes. */
export function leave({ directory, name }: Place): void {
  directory.entries.delete(name);
  directory.mtimeNs = undefined;
}

/** Whether `inner` is `outer` or below it. */
export function isWithin(outer: Inode, inner: Inode): boolean {
  if (outer === inner) return true;
  return [...outer.entries.values()].some((child) => child.kind === 'directory' && isWithin(child, inner));
}

/** O_ACCMODE of fcntl.h. */
const ACCESS_MODE = 3;

/** Open for reading, for writing. */
export function canRead(flags: number): boolean {
  return (flags & ACCESS_MODE) !== constants.O_WRONLY;
}

export function canWrite(flags: number): boolean {
  return (flags & ACCESS_MODE) !== constants.O_RDONLY;
}

function walk(start: Inode, path: string, follow: boolean, count: { links: number }): Place {
  if (path === TOP) return { directory: start, name: path, inode: start };
  const names = path.split('/');
  let directory = start;
  for (const [index, name] of names.entries()) {
    if (directory.kind !== 'directory') throw new Errno('ENOTDIR');
    const isLast = index === names.length - 1;
    let place: Place = { directory, name, inode: directory.entries.get(name) };
    if (place.inode?.kind === 'symlink' && (!isLast || follow)) {
      count.links += 1;
      if (count.links > MOST_LINKS) throw new Errno('ELOOP');
      place = walk(directory, place.inode.target, true, count);
    }
    if (isLast) return place;
    if (place.inode === undefined) throw new Errno('ENOENT');
    directory = place.inode;
  }
  throw new Errno('ENOENT');
}
