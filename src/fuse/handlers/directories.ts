import { EMPTY_REPLY, type Reply } from '../reply.js';
import { encodeOpened } from '../wire/encode.js';
import { DirectoryPacker } from '../wire/encode-directory.js';
import type { Handlers } from './handler.js';

type DirectoryOperation = 'opendir' | 'readdir' | 'fsyncdir' | 'releasedir';

/** Operations on open directories. */
export const directoryHandlers: Handlers<DirectoryOperation> = {
  opendir: async ({ fileSystem }, ino, { flags }, request): Promise<Reply> => {
    const opened = await fileSystem.opendir(ino, flags, request);
    const takeBack = (): Promise<void> => fileSystem.releasedir(ino, opened.handle);
    return { payload: [encodeOpened(opened)], takeBack };
  },
  readdir: async ({ fileSystem }, ino, { handle, cookie, sizeBytes, plus }, request): Promise<Reply> => {
    const packer = new DirectoryPacker(sizeBytes, plus);
    const takeBack = (): void => {
      for (const { attributes } of packer.entries) fileSystem.forget(attributes.ino, 1n);
    };
    try {
      await fileSystem.readdir(ino, handle, cookie, plus, packer, request);
    } catch (reason) {
      takeBack();
      throw reason;
    }
    return { payload: [packer.bytes()], takeBack };
  },
  fsyncdir: async ({ fileSystem }, ino, { handle }, request) => {
    await fileSystem.fsyncdir(ino, handle, request);
    return EMPTY_REPLY;
  },
  releasedir: async ({ fileSystem }, ino, { handle }) => {
    await fileSystem.releasedir(ino, handle);
    return EMPTY_REPLY;
  },
};
