import type { Entry, FileSystem, InodeId, Opened } from '../fs/operations.js';
import * as encode from './wire/encode.js';
import { encodeEntry } from './wire/encode-attributes.js';

/** What a handler answers with; only the session sends it, so each request gets one reply. */
export interface Reply {
  readonly payload: readonly Uint8Array[];
  /** Takes back what the reply gave out, where the kernel did not accept it. */
  readonly takeBack?: () => Promise<void> | void;
}

export const EMPTY_REPLY: Reply = { payload: [] };

export function plainReply(...payload: readonly Uint8Array[]): Reply {
  return { payload };
}

/** An entry raised the lookup count, which sinks again where nobody got it. */
export function entryReply(fileSystem: FileSystem, entry: Entry): Reply {
  return {
    payload: [encodeEntry(entry)],
    takeBack: () => {
      fileSystem.forget(entry.attributes.ino, 1n);
    },
  };
}

export function openReply(fileSystem: FileSystem, ino: InodeId, opened: Opened): Reply {
  return {
    payload: [encode.encodeOpened(opened)],
    takeBack: () => fileSystem.release(ino, opened.handle),
  };
}
