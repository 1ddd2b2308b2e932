import type { Attributes, AttributeChange, FileSystem } from '../../fs/operations.js';
import type { NativeCallback } from './fuse-native.js';
import { settle } from './settle.js';
import type { PathWalker } from './walker.js';

const S_IFMT = 0o170000;

/** Operations by path. */
export function nameOperations(fileSystem: FileSystem, walker: PathWalker) {
  const change = (path: string, changes: AttributeChange, done: NativeCallback): void => {
    settle(done, () => walker.at(path, (ino) => fileSystem.setattr(ino, changes, walker.request())));
  };
  return {
    getattr: (path: string, done: NativeCallback) => {
      settle(done, async () => {
        const { attributes } = await walker.at(path, (ino) =>
          fileSystem.getattr(ino, undefined, walker.request()),
        );
        return [toStat(attributes)];
      });
    },
    readdir: (path: string, done: NativeCallback) => {
      settle(done, async () => [await walker.at(path, (ino) => allNames(fileSystem, walker, ino))]);
    },
    readlink: (path: string, done: NativeCallback) => {
      settle(done, async () => [await walker.at(path, (ino) => fileSystem.readlink(ino, walker.request()))]);
    },
    chmod: (path: string, mode: number, done: NativeCallback) => {
      change(path, { mode }, done);
    },
    chown: (path: string, uid: number, gid: number, done: NativeCallback) => {
      const unset = 0xffff_ffff; // -1: leave alone
      const owner = uid >>> 0 === unset ? {} : { uid };
      change(path, { ...owner, ...(gid >>> 0 === unset ? {} : { gid }) }, done);
    },
    truncate: (path: string, sizeBytes: number, done: NativeCallback) => {
      change(path, { sizeBytes: BigInt(sizeBytes) }, done);
    },
    utimens: (path: string, atimeMs: number, mtimeMs: number, done: NativeCallback) => {
      change(path, { atimeNs: millisecondsToNs(atimeMs), mtimeNs: millisecondsToNs(mtimeMs) }, done);
    },
    ...creations(fileSystem, walker),
    ...removals(fileSystem, walker),
  };
}

function creations(fileSystem: FileSystem, walker: PathWalker) {
  /** The kernel's reference is libfuse's business: ours goes at once. */
  const made = (path: string, done: NativeCallback, make: Maker): void => {
    settle(done, () =>
      walker.in(path, async (parent, name) => {
        const entry = await make(parent, name);
        fileSystem.forget(entry.attributes.ino, 1n);
      }),
    );
  };
  return {
    mkdir: (path: string, mode: number, done: NativeCallback) => {
      made(path, done, (parent, name) => fileSystem.mkdir(parent, name, mode, walker.request()));
    },
    mknod: (path: string, mode: number, device: number, done: NativeCallback) => {
      made(path, done, (parent, name) => fileSystem.mknod(parent, name, mode, device, walker.request()));
    },
    symlink: (target: string, path: string, done: NativeCallback) => {
      made(path, done, (parent, name) => fileSystem.symlink(parent, name, target, walker.request()));
    },
    link: (from: string, path: string, done: NativeCallback) => {
      made(path, done, (parent, name) =>
        walker.at(from, (ino) => fileSystem.link(ino, parent, name, walker.request())),
      );
    },
  };
}

type Maker = (...args: [Parameters<FileSystem['lookup']>[0], string]) => ReturnType<FileSystem['lookup']>;

function removals(fileSystem: FileSystem, walker: PathWalker) {
  return {
    unlink: (path: string, done: NativeCallback) => {
      settle(done, () =>
        walker.in(path, (parent, name) => fileSystem.unlink(parent, name, walker.request())),
      );
    },
    rmdir: (path: string, done: NativeCallback) => {
      settle(done, () => walker.in(path, (parent, name) => fileSystem.rmdir(parent, name, walker.request())));
    },
    rename: (from: string, to: string, done: NativeCallback) => {
      settle(done, () =>
        walker.in(from, (parent, name) =>
          walker.in(to, (newParent, newName) =>
            fileSystem.rename(parent, name, newParent, newName, 0, walker.request()),
          ),
        ),
      );
    },
  };
}

async function allNames(
  fileSystem: FileSystem,
  walker: PathWalker,
  ino: Attributes['ino'],
): Promise<readonly string[]> {
  const names: string[] = [];
  const request = walker.request();
  const { handle } = await fileSystem.opendir(ino, 0, request);
  try {
    const sink = {
      add: (entry: { readonly name: string }): boolean => {
        names.push(entry.name);
        return true; // no paging: the package wants all names at once
      },
    };
    await fileSystem.readdir(ino, handle, 0n, false, sink, request);
  } finally {
    await fileSystem.releasedir(ino, handle);
  }
  return names.filter((name) => name !== '.' && name !== '..');
}

/** The package knows times to the millisecond and inodes of 32 bits. */
function toStat(attributes: Attributes): object {
  const { mode, nlink, uid, gid, rdev } = attributes;
  return {
    mode: (mode & S_IFMT) | (mode & 0o7777),
    nlink,
    uid,
    gid,
    rdev,
    ino: Number(attributes.ino & 0xffff_ffffn),
    size: Number(attributes.sizeBytes),
    blocks: Number(attributes.blocks),
    blksize: 128 * 1024,
    atime: Number(attributes.atimeNs / 1_000_000n),
    mtime: Number(attributes.mtimeNs / 1_000_000n),
    ctime: Number(attributes.ctimeNs / 1_000_000n),
  };
}

function millisecondsToNs(ms: number): bigint {
  return BigInt(Math.trunc(ms)) * 1_000_000n;
}
