import { Failure } from '../../errors/failure.js';
import { EMPTY_REPLY, plainReply, type Reply } from '../reply.js';
import { encodeStatfs, encodeXattrList, encodeXattrSize } from '../wire/encode.js';
import { encodeAttributes, encodeStatx } from '../wire/encode-attributes.js';
import type { Handlers } from './handler.js';

type AttributeOperation =
  'getattr' | 'statx' | 'setattr' | 'getxattr' | 'listxattr' | 'setxattr' | 'removexattr' | 'statfs';

/** Operations on attributes of inodes and of the file system. */
export const attributeHandlers: Handlers<AttributeOperation> = {
  getattr: async ({ fileSystem }, ino, { handle }, request) =>
    plainReply(encodeAttributes(await fileSystem.getattr(ino, handle, request))),
  statx: async ({ fileSystem }, ino, { handle }, request) =>
    plainReply(encodeStatx(await fileSystem.getattr(ino, handle, request))),
  setattr: async ({ fileSystem, guard }, ino, { change }, request) => {
    const loses = change.sizeBytes !== undefined || change.uid !== undefined || change.gid !== undefined;
    if (loses && !guard.isClean(ino, false)) await guard.drop(ino, change.handle, false, request);
    const timed = await fileSystem.setattr(ino, change, request);
    if (change.mode !== undefined) guard.doubt(ino);
    return plainReply(encodeAttributes(timed));
  },
  getxattr: async ({ fileSystem }, ino, { name, sizeBytes }, request) =>
    sized(await fileSystem.getxattr(ino, name, request), sizeBytes),
  listxattr: async ({ fileSystem }, ino, { sizeBytes }, request) =>
    sized(encodeXattrList(await fileSystem.listxattr(ino, request)), sizeBytes),
  setxattr: async ({ fileSystem, guard }, ino, { name, value, flags }, request) => {
    await fileSystem.setxattr(ino, name, value, flags, request);
    guard.doubt(ino);
    return EMPTY_REPLY;
  },
  removexattr: async ({ fileSystem }, ino, { name }, request) => {
    await fileSystem.removexattr(ino, name, request);
    return EMPTY_REPLY;
  },
  statfs: async ({ fileSystem }, ino, _operation, request) =>
    plainReply(encodeStatfs(await fileSystem.statfs(ino, request))),
};

/** getxattr(2), listxattr(2): size 0 asks for the length, and a buffer that is too small is ERANGE. */
function sized(bytes: Uint8Array, sizeBytes: number): Reply {
  if (sizeBytes === 0) return plainReply(encodeXattrSize(bytes.length));
  if (bytes.length > sizeBytes) {
    throw new Failure('buffer-too-small', `${bytes.length} bytes do not fit into ${sizeBytes}`);
  }
  return plainReply(bytes);
}
