import { Failure } from '../../errors/failure.js';
import { encodeName } from '../../fs/name-bytes.js';
import type { Created, FileSystem } from '../../fs/operations.js';
import { EMPTY_REPLY, entryReply, plainReply, type Reply } from '../reply.js';
import { encodeOpened } from '../wire/encode.js';
import { encodeEntry, encodeNegativeEntry } from '../wire/encode-attributes.js';
import type { Handlers } from './handler.js';

type NameOperation =
  | 'lookup'
  | 'readlink'
  | 'symlink'
  | 'mknod'
  | 'mkdir'
  | 'unlink'
  | 'rmdir'
  | 'rename'
  | 'link'
  | 'create'
  | 'tmpfile';

/** Operations on names. */
export const nameHandlers: Handlers<NameOperation> = {
  lookup: async ({ fileSystem, negativeTtlMs }, parent, { name }, request) => {
    try {
      return entryReply(fileSystem, await fileSystem.lookup(parent, name, request));
    } catch (reason) {
      const missing = reason instanceof Failure && reason.kind === 'no-entry';
      if (missing && negativeTtlMs > 0) return plainReply(encodeNegativeEntry(negativeTtlMs));
      throw reason;
    }
  },
  readlink: async ({ fileSystem }, ino, _operation, request) =>
    plainReply(encodeName(await fileSystem.readlink(ino, request))),
  symlink: async ({ fileSystem }, parent, { name, target }, request) =>
    entryReply(fileSystem, await fileSystem.symlink(parent, name, target, request)),
  mknod: async ({ fileSystem }, parent, { name, mode, rdev }, request) =>
    entryReply(fileSystem, await fileSystem.mknod(parent, name, mode, rdev, request)),
  mkdir: async ({ fileSystem }, parent, { name, mode }, request) =>
    entryReply(fileSystem, await fileSystem.mkdir(parent, name, mode, request)),
  unlink: async ({ fileSystem }, parent, { name }, request) => {
    await fileSystem.unlink(parent, name, request);
    return EMPTY_REPLY;
  },
  rmdir: async ({ fileSystem }, parent, { name }, request) => {
    await fileSystem.rmdir(parent, name, request);
    return EMPTY_REPLY;
  },
  rename: async ({ fileSystem }, parent, { name, newParent, newName, flags }, request) => {
    await fileSystem.rename(parent, name, newParent, newName, flags, request);
    return EMPTY_REPLY;
  },
  link: async ({ fileSystem }, newParent, { source, name }, request) =>
    entryReply(fileSystem, await fileSystem.link(source, newParent, name, request)),
  create: async ({ fileSystem }, parent, { name, mode, flags }, request) =>
    createdReply(fileSystem, await fileSystem.create(parent, name, mode, flags, request)),
  tmpfile: async ({ fileSystem }, parent, { mode, flags }, request) =>
    createdReply(fileSystem, await fileSystem.tmpfile(parent, mode, flags, request)),
};

function createdReply(fileSystem: FileSystem, created: Created): Reply {
  const { ino } = created.entry.attributes;
  return {
    payload: [encodeEntry(created.entry), encodeOpened(created)],
    takeBack: async () => {
      await fileSystem.release(ino, created.handle);
      fileSystem.forget(ino, 1n);
    },
  };
}
