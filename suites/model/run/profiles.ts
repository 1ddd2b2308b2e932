import type { Need, Step } from '../../../src/harness/api/index.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What kind of programs a case makes. */
export interface Profile {
  /** The case's name. */
  readonly name: string;
  readonly says: string;
  /** Steps of each kind in so many. */
  readonly weights: Readonly<Partial<Record<Step['op'], number>>>;
  /** Steps of one program. */
  readonly length: number;
  /** Share of all steps that this case makes. */
  readonly share: number;
  /** Offsets and sizes at which file systems change their ways. */
  readonly edges: readonly number[];
  readonly lengths: readonly number[];
  /** Largest file. */
  readonly mostBytes: number;
  readonly appendShare: number;
  /** Writes that go on where the last one ended. */
  readonly inOrderShare: number;
  /** Paths in directories rather than at the top. */
  readonly depthShare: number;
  readonly renameFlags: readonly number[];
}

/** Memory pages, files that need no local file, blocks of the cache, objects that come whole. */
const SMALL_EDGES = [4 * KIB, 64 * KIB, 128 * KIB, 256 * KIB];
const BLOCK_EDGES = [64 * KIB, 128 * KIB, 256 * KIB, MIB, MIB + 128 * KIB];
/** Least part of S3, two and three of them. */
const PART_EDGES = [MIB, 5 * MIB, 10 * MIB, 15 * MIB, 20 * MIB];

const SMALL = {
  edges: SMALL_EDGES,
  lengths: [10, 1000, 5000, 70_000],
  mostBytes: 300 * KIB,
  appendShare: 0.15,
  inOrderShare: 0.4,
  depthShare: 0.5,
  renameFlags: [0, 0, 0, 1, 2],
};

const FILES: Profile['weights'] = {
  open: 14, close: 8, dup: 1, read: 10, write: 16, seek: 4, ftruncate: 4, truncate: 3, fallocate: 4, copy: 4, map: 2,
  fsync: 3, fstat: 2, check: 4, stat: 2, unlink: 2, rename: 3,
}; // prettier-ignore

const NAMES: Profile['weights'] = {
  open: 10, close: 8, write: 8, check: 4, mkdir: 8, rmdir: 5, readdir: 6, unlink: 6, link: 6, symlink: 4, readlink: 2,
  rename: 14, stat: 8, truncate: 2, fsync: 1, dup: 1,
}; // prettier-ignore

const ATTRIBUTES: Profile['weights'] = {
  open: 8, close: 6, write: 6, mkdir: 2, link: 3, rename: 4, unlink: 2, chmod: 8, fchmod: 4, utimes: 8, futimes: 4,
  setxattr: 8, getxattr: 3, listxattr: 3, removexattr: 3, stat: 10, fstat: 3, fsync: 2, ftruncate: 2, check: 2,
  symlink: 1,
}; // prettier-ignore

const ALL: Profile['weights'] = {
  open: 16, close: 8, dup: 2, read: 6, write: 14, seek: 3, ftruncate: 3, truncate: 2, fallocate: 3, copy: 3, map: 2,
  fsync: 4, fstat: 2, fchmod: 1, futimes: 1, stat: 4, check: 4, chmod: 2, utimes: 2, mkdir: 4, rmdir: 2, readdir: 3,
  unlink: 4, link: 3, symlink: 2, readlink: 1, rename: 8, setxattr: 2, getxattr: 1, listxattr: 1, removexattr: 1,
}; // prettier-ignore

/** Every case of the suite: together they make each kind of step. */
export const PROFILES: readonly Profile[] = [
  {
    ...SMALL,
    name: 'files',
    says: 'any sequence of calls on small files gives the results and bytes of a local file system',
    weights: FILES,
    length: 150,
    share: 0.25,
  },
  {
    ...SMALL,
    name: 'names',
    says: 'any sequence of making, linking, renaming and removing gives the names of a local file system',
    weights: NAMES,
    length: 150,
    share: 0.25,
    lengths: [10, 1000],
    depthShare: 0.6,
  },
  {
    ...SMALL,
    name: 'attributes',
    says: 'modes, times and extended attributes survive whatever happens to the file',
    weights: ATTRIBUTES,
    length: 120,
    share: 0.1,
    lengths: [10, 1000],
  },
  {
    ...SMALL,
    name: 'blocks',
    says: 'files around the edges of cache blocks and of the objects that are read whole keep their bytes',
    weights: { ...FILES, remount: 1 },
    length: 100,
    share: 0.1,
    edges: BLOCK_EDGES,
    lengths: [1, 5000, 128 * KIB, 300 * KIB],
    mostBytes: 2 * MIB,
  },
  {
    ...SMALL,
    name: 'parts',
    says: 'files around the edges of parts keep their bytes: streamed, copied by ranges, cut and grown',
    weights: { ...FILES, write: 24, fsync: 5, copy: 6, unlink: 1, remount: 1 },
    length: 50,
    share: 0.06,
    edges: PART_EDGES,
    lengths: [1, 5000, 300 * KIB, 3 * MIB, 5 * MIB, 5 * MIB + 1],
    mostBytes: 24 * MIB,
    inOrderShare: 0.7,
    depthShare: 0.1,
  },
  {
    ...SMALL,
    name: 'remounts',
    says: 'what was closed is the same after any number of cold remounts in between',
    weights: { ...ALL, remount: 3 },
    length: 150,
    share: 0.14,
  },
  {
    ...SMALL,
    name: 'crashes',
    says: 'after SIGKILL all is there that fsync or close acknowledged, and each file is old or new as a whole',
    weights: { ...ALL, fsync: 8, kill: 3 },
    length: 150,
    share: 0.1,
  },
];

/** What a target must have for a kind of step. */
export const NEEDED: Readonly<Partial<Record<Step['op'], Need>>> = {
  link: 'hard-link',
  symlink: 'symlink',
  readlink: 'symlink',
  fallocate: 'fallocate',
  map: 'mmap',
  setxattr: 'xattr',
  getxattr: 'xattr',
  listxattr: 'xattr',
  removexattr: 'xattr',
  remount: 'remount',
  kill: 'remount',
};
