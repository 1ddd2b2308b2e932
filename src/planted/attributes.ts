import type { Attributes, DirectorySink, FileSystem, Request, TimedAttributes } from '../fs/operations.js';

type Change = (attributes: Attributes) => Partial<Attributes>;

/** A file system that tells attributes as `change` makes them, wherever it tells any. */
export function tellAttributes(sound: FileSystem, change: Change): Partial<FileSystem> {
  const told = <T extends TimedAttributes>(answer: T): T => ({
    ...answer,
    attributes: { ...answer.attributes, ...change(answer.attributes) },
  });
  return {
    lookup: async (...args) => told(await sound.lookup(...args)),
    getattr: async (...args) => told(await sound.getattr(...args)),
    setattr: async (...args) => told(await sound.setattr(...args)),
    symlink: async (...args) => told(await sound.symlink(...args)),
    mknod: async (...args) => told(await sound.mknod(...args)),
    mkdir: async (...args) => told(await sound.mkdir(...args)),
    link: async (...args) => told(await sound.link(...args)),
    create: async (...args) => {
      const created = await sound.create(...args);
      return { ...created, entry: told(created.entry) };
    },
    readdir: (ino, handle, cookie, plus, sink, request) => {
      const changed: DirectorySink = {
        add: (entry, full) => sink.add(entry, full === undefined ? undefined : told(full)),
      };
      return sound.readdir(ino, handle, cookie, plus, changed, request);
    },
  };
}

const TYPE = 0o170000;

export function isDirectory({ mode }: Attributes): boolean {
  return (mode & TYPE) === 0o040000;
}

export function isRegular({ mode }: Attributes): boolean {
  return (mode & TYPE) === 0o100000;
}

export function asRoot(request: Request): Request {
  const { pid, signal } = request;
  return {
    uid: 0,
    gid: 0,
    pid,
    signal,
    abort: () => {
      request.abort();
    },
  };
}
