import type { FileSystem, InodeId } from '../../fs/operations.js';
import type { Descriptors } from './descriptors.js';
import type { NativeCallback } from './fuse-native.js';
import { settle, settleCount } from './settle.js';
import type { PathWalker } from './walker.js';

const O_RDWR_CREAT = 2 | 0o100;

/** Operations on descriptors. */
export function dataOperations(fileSystem: FileSystem, walker: PathWalker, descriptors: Descriptors) {
  return {
    open: (path: string, flags: number, done: NativeCallback) => {
      settle(done, async () => [
        await walker.in(path, async (parent, name) => {
          // The walker gives its reference back, the descriptor keeps one of its own.
          const entry = await fileSystem.lookup(parent, name, walker.request());
          return openHeld(fileSystem, walker, descriptors, entry.attributes.ino, flags);
        }),
      ]);
    },
    create: (path: string, mode: number, done: NativeCallback) => {
      settle(done, async () => [
        await walker.in(path, async (parent, name) => {
          const created = await fileSystem.create(parent, name, mode, O_RDWR_CREAT, walker.request());
          return descriptors.add({ ino: created.entry.attributes.ino, handle: created.handle });
        }),
      ]);
    },
    ...transferOperations(fileSystem, walker, descriptors),
    ...descriptorOperations(fileSystem, walker, descriptors),
  };
}

function transferOperations(fileSystem: FileSystem, walker: PathWalker, descriptors: Descriptors) {
  return {
    read: (
      _path: string,
      fd: number,
      buffer: Buffer,
      sizeBytes: number,
      offset: number,
      done: NativeCallback,
    ) => {
      settleCount(done, async () => {
        const { ino, handle } = descriptors.get(fd);
        const parts = await fileSystem.read(ino, handle, BigInt(offset), sizeBytes, walker.request());
        let read = 0;
        for (const part of parts) {
          buffer.set(part, read);
          read += part.length;
        }
        return [read];
      });
    },
    write: (
      _path: string,
      fd: number,
      buffer: Buffer,
      sizeBytes: number,
      offset: number,
      done: NativeCallback,
    ) => {
      settleCount(done, async () => {
        const { ino, handle } = descriptors.get(fd);
        const data = buffer.subarray(0, sizeBytes);
        return [await fileSystem.write(ino, handle, BigInt(offset), data, walker.request())];
      });
    },
  };
}

async function openHeld(
  fileSystem: FileSystem,
  walker: PathWalker,
  descriptors: Descriptors,
  ino: InodeId,
  flags: number,
): Promise<number> {
  try {
    const { handle } = await fileSystem.open(ino, flags, walker.request());
    return descriptors.add({ ino, handle });
  } catch (reason) {
    fileSystem.forget(ino, 1n);
    throw reason;
  }
}

function descriptorOperations(fileSystem: FileSystem, walker: PathWalker, descriptors: Descriptors) {
  return {
    flush: (_path: string, fd: number, done: NativeCallback) => {
      settle(done, async () => {
        const { ino, handle } = descriptors.get(fd);
        await fileSystem.flush(ino, handle, walker.request());
      });
    },
    // The package calls (path, datasync, fd), other than its README says.
    fsync: (_path: string, dataOnly: number, fd: number, done: NativeCallback) => {
      settle(done, async () => {
        const { ino, handle } = descriptors.get(fd);
        await fileSystem.fsync(ino, handle, dataOnly !== 0, walker.request());
      });
    },
    ftruncate: (_path: string, fd: number, sizeBytes: number, done: NativeCallback) => {
      settle(done, async () => {
        const { ino, handle } = descriptors.get(fd);
        await fileSystem.setattr(ino, { sizeBytes: BigInt(sizeBytes), handle }, walker.request());
      });
    },
    release: (_path: string, fd: number, done: NativeCallback) => {
      settle(done, () => descriptors.release(fd));
    },
  };
}
