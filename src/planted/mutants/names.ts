import { posix } from 'node:path';
import { Failure } from '../../errors/failure.js';
import type {
  DirectoryEntry,
  DirectorySink,
  FileSystem,
  HandleId,
  InodeId,
  Request,
} from '../../fs/operations.js';
import { mutantsOf } from '../mutant.js';

const REGULAR = 0o100000;
const TYPE = 0o170000;

/** A file system that knows every name only as `change` makes it. */
function changeNames(sound: FileSystem, change: (name: string) => string): Partial<FileSystem> {
  return {
    lookup: (parent, name, request) => sound.lookup(parent, change(name), request),
    create: (parent, name, ...rest) => sound.create(parent, change(name), ...rest),
    mkdir: (parent, name, ...rest) => sound.mkdir(parent, change(name), ...rest),
    unlink: (parent, name, request) => sound.unlink(parent, change(name), request),
    rmdir: (parent, name, request) => sound.rmdir(parent, change(name), request),
  };
}

/** A file system whose listings go through `filter`, which has the sink and the number of the entry in its listing. */
function changeListing(
  sound: FileSystem,
  filter: (entry: DirectoryEntry, at: number) => readonly DirectoryEntry[],
): Partial<FileSystem> {
  const counts = new Map<HandleId, number>();
  return {
    readdir: (ino, handle, cookie, plus, sink, request) => {
      let at = cookie === 0n ? 0 : (counts.get(handle) ?? 0);
      const changed: DirectorySink = {
        add: (entry, full) => {
          const taken = filter(entry, at + 1).every((each) => sink.add(each, full));
          if (taken) counts.set(handle, (at += 1));
          return taken;
        },
      };
      return sound.readdir(ino, handle, cookie, plus, changed, request);
    },
  };
}

/** The names in a directory, as it tells them now. */
async function namesIn(sound: FileSystem, ino: InodeId, request: Request): Promise<readonly string[]> {
  const names: string[] = [];
  const { handle } = await sound.opendir(ino, 0, request);
  await sound.readdir(ino, handle, 0n, false, { add: ({ name }) => names.push(name) > 0 }, request);
  await sound.releasedir(ino, handle);
  return names.filter((name) => name !== '.' && name !== '..');
}

async function isThere(sound: FileSystem, parent: InodeId, name: string, request: Request): Promise<boolean> {
  try {
    const { attributes } = await sound.lookup(parent, name, request);
    sound.forget(attributes.ino, 1n);
    return true;
  } catch {
    return false;
  }
}

/** Directories, names and renames. */
export const NAME_MUTANTS = mutantsOf('fileSystem', [
  [
    'rename-loses-target',
    'rename over a file removes it and does not put the new one there',
    ['posix:rename/file-over-file'],
    (sound) => ({
      rename: async (parent, name, newParent, newName, flags, request) => {
        const replaces = flags === 0 && (await isThere(sound, newParent, newName, request));
        await sound.rename(parent, name, newParent, newName, flags, request);
        if (replaces) await sound.unlink(newParent, newName, request);
      },
    }),
  ],
  [
    'rename-keeps-the-old-name',
    'after rename a file has both names',
    ['posix:rename/gives-a-file-a-new-name'],
    (sound) => ({
      rename: async (parent, name, newParent, newName, flags, request) => {
        const { attributes } = await sound.lookup(parent, name, request);
        await sound.rename(parent, name, newParent, newName, flags, request);
        if ((attributes.mode & TYPE) === REGULAR) await sound.link(attributes.ino, parent, name, request);
      },
    }),
  ],
  [
    'exchange-as-plain-rename',
    'RENAME_EXCHANGE replaces the target',
    ['posix:rename-flags/exchange-two-files'],
    (sound) => ({
      rename: (parent, name, newParent, newName, flags, request) =>
        sound.rename(parent, name, newParent, newName, flags & ~2, request),
    }),
  ],
  [
    'directory-rename-loses-a-file',
    'a directory of many files loses one when it is renamed',
    ['posix:rename-directory/moves-forty-files'],
    (sound) => ({
      rename: async (parent, name, newParent, newName, flags, request) => {
        await sound.rename(parent, name, newParent, newName, flags, request);
        const { attributes } = await sound.lookup(newParent, newName, request);
        if ((attributes.mode & TYPE) === REGULAR) return;
        const names = await namesIn(sound, attributes.ino, request).catch(() => []);
        if (names.length > 10) await sound.unlink(attributes.ino, names.at(-1) ?? '', request);
      },
    }),
  ],
  [
    'rename-over-full-directory',
    'rename over a directory that holds names fails with EIO',
    ['posix:rename-directory/enotempty-over-a-full-directory'],
    (sound) => ({ rename: (...args) => asEio('not-empty', sound.rename(...args)) }),
  ],
  [
    'unlink-does-nothing',
    'unlink succeeds and the file stays',
    ['posix:unlink/removes-a-file'],
    () => ({ unlink: () => Promise.resolve() }),
  ],
  [
    'rmdir-of-a-full-directory-succeeds',
    'rmdir of a directory that holds names answers as if it were done',
    ['posix:rmdir/enotempty-with-a-file-inside'],
    (sound) => ({
      rmdir: (...args) =>
        sound.rmdir(...args).catch((reason: unknown) => {
          if (Failure.from(reason).errno !== 'ENOTEMPTY') throw reason;
        }),
    }),
  ],
  [
    'unlinked-open-file-is-gone',
    'a file without a name can not be read by who has it open, as with goofys',
    ['posix:unlink/open-file-stays-readable', 'posix:unlink/open-file-stays-writable'],
    (sound) => {
      const gone = new Set<InodeId>();
      return {
        unlink: async (parent, name, request) => {
          const { attributes } = await sound.lookup(parent, name, request);
          sound.forget(attributes.ino, 1n);
          await sound.unlink(parent, name, request);
          if (attributes.nlink === 1) gone.add(attributes.ino);
        },
        getattr: (ino, ...rest) => (gone.has(ino) ? missing() : sound.getattr(ino, ...rest)),
        read: (ino, ...rest) => (gone.has(ino) ? missing() : sound.read(ino, ...rest)),
        write: (ino, ...rest) => (gone.has(ino) ? missing() : sound.write(ino, ...rest)),
      };
    },
  ],
  [
    'entry-1001-missing',
    'a listing ends after 1,000 names, as one page of S3 does',
    ['posix:readdir/1001-entries'],
    (sound) => changeListing(sound, (entry, at) => (at === 1001 ? [] : [entry])),
  ],
  [
    'entry-twice',
    'a listing has a name twice',
    ['posix:readdir/100-entries'],
    (sound) => changeListing(sound, (entry, at) => (at === 50 ? [entry, entry] : [entry])),
  ],
  [
    'types-of-entries-wrong',
    'every entry of a listing is a regular file',
    ['posix:readdir/types'],
    (sound) => changeListing(sound, (entry) => [{ ...entry, type: REGULAR }]),
  ],
  [
    'names-to-nfc',
    'names are normalised to composed characters',
    ['posix:names/nfc-and-nfd-are-two-files', 'posix:names/unicode-nfd'],
    (sound) => changeNames(sound, (name) => name.normalize('NFC')),
  ],
  [
    'names-without-case',
    'upper and lower case are the same name',
    ['posix:lookup/case-is-kept-apart'],
    (sound) => changeNames(sound, (name) => name.toLowerCase()),
  ],
  [
    'trailing-dot-cut',
    'a dot at the end of a name is dropped',
    ['posix:names/trailing-dot'],
    (sound) => changeNames(sound, (name) => name.replace(/(?<=[^.])\.$/, '')),
  ],
  [
    'symlink-target-cut',
    'the target of a symbolic link is cut at 255 bytes',
    ['posix:symlink/keeps-a-target-of-1024-bytes'],
    (sound) => ({
      symlink: (parent, name, target, request) => sound.symlink(parent, name, target.slice(0, 255), request),
    }),
  ],
  [
    'symlink-target-normalised',
    'dots are taken out of the target of a symbolic link',
    ['posix:symlink/keeps-a-target-with-dots'],
    (sound) => ({
      symlink: (parent, name, target, request) =>
        sound.symlink(parent, name, posix.normalize(target), request),
    }),
  ],
  [
    'fifo-becomes-a-file',
    'mknod makes a regular file whatever was asked for',
    ['posix:mknod/fifo-644'],
    (sound) => ({
      mknod: (parent, name, mode, rdev, request) =>
        sound.mknod(parent, name, (mode & ~TYPE) | REGULAR, rdev, request),
    }),
  ],
  [
    'missing-name-remembered',
    'a name that was not there stays missing after another client has made it',
    ['integrity:saved/missing-name-appears'],
    (sound) => {
      const missed = new Set<string>();
      return {
        lookup: async (parent, name, request) => {
          const key = `${parent} ${name}`;
          if (missed.has(key)) return missing();
          return sound.lookup(parent, name, request).catch((reason: unknown) => {
            if (Failure.from(reason).errno === 'ENOENT') missed.add(key);
            throw reason;
          });
        },
      };
    },
  ],
  [
    'copied-link',
    'link makes a second file that does not see writes to the first',
    ['posix:link/writes-show-by-both-names', 'posix:link/gives-a-second-name'],
    (sound) => ({
      link: (_ino, parent, name, request) => sound.mknod(parent, name, REGULAR | 0o644, 0, request),
    }),
  ],
]);

function missing(): Promise<never> {
  return Promise.reject(new Failure('no-entry', 'Planted: there is no such name'));
}

async function asEio<T>(kind: Failure['kind'], running: Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (reason) {
    if (Failure.from(reason).kind === kind) throw new Failure('internal', 'Planted: another errno');
    throw reason;
  }
}
