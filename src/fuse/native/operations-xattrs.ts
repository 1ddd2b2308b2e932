import type { FileSystem, FileSystemStatistics } from '../../fs/operations.js';
import type { NativeCallback } from './fuse-native.js';
import { settle } from './settle.js';
import type { PathWalker } from './walker.js';

/** Extended attributes and statfs. */
export function xattrOperations(fileSystem: FileSystem, walker: PathWalker) {
  return {
    getxattr: (path: string, name: string, _position: number, done: NativeCallback) => {
      settle(done, async () => [
        Buffer.from(await walker.at(path, (ino) => fileSystem.getxattr(ino, name, walker.request()))),
      ]);
    },
    listxattr: (path: string, done: NativeCallback) => {
      settle(done, async () => [await walker.at(path, (ino) => fileSystem.listxattr(ino, walker.request()))]);
    },
    setxattr: (
      path: string,
      name: string,
      value: Buffer,
      _position: number,
      flags: number,
      done: NativeCallback,
    ) => {
      settle(done, () =>
        walker.at(path, (ino) => fileSystem.setxattr(ino, name, value, flags, walker.request())),
      );
    },
    removexattr: (path: string, name: string, done: NativeCallback) => {
      settle(done, () => walker.at(path, (ino) => fileSystem.removexattr(ino, name, walker.request())));
    },
    statfs: (path: string, done: NativeCallback) => {
      settle(done, async () => {
        const found = await walker.at(path, (ino) => fileSystem.statfs(ino, walker.request()));
        return [toStatfs(found)];
      });
    },
  };
}

/** The package has 32 bits for each count. */
function toStatfs(found: FileSystemStatistics): object {
  return {
    bsize: found.blockSizeBytes,
    frsize: found.blockSizeBytes,
    blocks: bounded(found.blocks),
    bfree: bounded(found.blocksFree),
    bavail: bounded(found.blocksAvailable),
    files: bounded(found.files),
    ffree: bounded(found.filesFree),
    favail: bounded(found.filesFree),
    fsid: 0,
    flag: 0,
    namemax: found.nameMaxBytes,
  };
}

function bounded(count: bigint): number {
  return Number(count > 0xffff_ffffn ? 0xffff_ffffn : count);
}
