import { EMPTY_REPLY, openReply, plainReply } from '../reply.js';
import { encodeOffset, encodeWritten } from '../wire/encode.js';
import type { Handlers } from './handler.js';

type DataOperation =
  'open' | 'read' | 'write' | 'flush' | 'fsync' | 'release' | 'fallocate' | 'lseek' | 'copyFileRange';

const O_TRUNC = 0o1000;
/** What fits into the 32 bits of `fuse_write_out`, in whole pages. */
const MOST_NARROW_BYTES = 0xffff_f000n;

/** Operations on open files. */
export const dataHandlers: Handlers<DataOperation> = {
  open: async ({ fileSystem, guard }, ino, { flags, killPrivileges }, request) => {
    const opened = await fileSystem.open(ino, flags, request);
    const truncates = (flags & O_TRUNC) !== 0;
    if (truncates && !guard.isClean(ino, killPrivileges)) {
      await guard.drop(ino, opened.handle, killPrivileges, request);
    }
    return openReply(fileSystem, ino, opened);
  },
  read: async ({ fileSystem }, ino, { handle, offset, sizeBytes }, request) =>
    plainReply(...(await fileSystem.read(ino, handle, offset, sizeBytes, request))),
  write: async ({ fileSystem, guard }, ino, operation, request) => {
    const { handle, offset, data, killPrivileges, isWriteBack } = operation;
    if (!guard.isClean(ino, killPrivileges)) await guard.drop(ino, handle, killPrivileges, request);
    return plainReply(encodeWritten(await fileSystem.write(ino, handle, offset, data, request, isWriteBack)));
  },
  flush: async ({ fileSystem, canWrite }, ino, { handle }, request) => {
    await fileSystem.flush(ino, handle, request, () => canWrite(request.pid, ino));
    return EMPTY_REPLY;
  },
  fsync: async ({ fileSystem }, ino, { handle, dataOnly }, request) => {
    await fileSystem.fsync(ino, handle, dataOnly, request);
    return EMPTY_REPLY;
  },
  release: async ({ fileSystem }, ino, { handle }) => {
    await fileSystem.release(ino, handle);
    return EMPTY_REPLY;
  },
  fallocate: async ({ fileSystem, guard }, ino, { handle, mode, offset, lengthBytes }, request) => {
    if (!guard.isClean(ino, false)) await guard.drop(ino, handle, false, request);
    await fileSystem.fallocate(ino, handle, mode, offset, lengthBytes, request);
    return EMPTY_REPLY;
  },
  copyFileRange: async ({ fileSystem, guard }, ino, operation, request) => {
    const { handle, offset, to, wide } = operation;
    if (!guard.isClean(to.ino, false)) await guard.drop(to.ino, to.handle, false, request);
    const most = wide ? operation.lengthBytes : min(operation.lengthBytes, MOST_NARROW_BYTES);
    const done = await fileSystem.copyFileRange(ino, handle, offset, to, most, request);
    return plainReply(wide ? encodeOffset(done) : encodeWritten(Number(done)));
  },
  lseek: async ({ fileSystem }, ino, { handle, offset, whence }, request) =>
    plainReply(encodeOffset(await fileSystem.lseek(ino, handle, offset, whence, request))),
};

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
