import { asRoot, isDirectory, isRegular, tellAttributes } from '../attributes.js';
import { mutantsOf } from '../mutant.js';
import { without } from '../without.js';

const SECOND_NS = 1_000_000_000n;
const SPECIAL = 0o7000;
const SET_ID = 0o6000;

/** Owners, modes, times, link counts and sizes: what stat(2) tells and setattr changes. */
export const ATTRIBUTE_MUTANTS = mutantsOf('fileSystem', [
  [
    'mtime-in-whole-seconds',
    'modification times lose their nanoseconds, as in s3fs before 1.87',
    ['posix:utimens/keeps-all-nine-digits'],
    (sound) => tellAttributes(sound, ({ mtimeNs }) => ({ mtimeNs: mtimeNs - (mtimeNs % SECOND_NS) })),
  ],
  [
    'atime-given-as-mtime',
    'utimens stores the access time as the modification time, as fuse-native hands it over',
    ['posix:utimens/omit-leaves-nanoseconds', 'posix:utimens/now-and-omit'],
    (sound) => ({
      setattr: (ino, change, request) => {
        const { atimeNs, mtimeNs } = change;
        const isBoth = atimeNs !== undefined && mtimeNs !== undefined;
        return sound.setattr(ino, isBoth ? { ...change, mtimeNs: atimeNs } : change, request);
      },
    }),
  ],
  [
    'time-of-32-bits',
    'times after 2106 wrap around',
    ['posix:utimens/keeps-the-year-2400'],
    (sound) => tellAttributes(sound, ({ mtimeNs }) => ({ mtimeNs: mtimeNs % (SECOND_NS << 32n) })),
  ],
  [
    'no-times-before-1970',
    'a time before 1970 becomes 1970',
    ['posix:utimens/keeps-whole-seconds-before-1970'],
    (sound) => tellAttributes(sound, ({ mtimeNs }) => ({ mtimeNs: mtimeNs < 0n ? 0n : mtimeNs })),
  ],
  [
    'utime-now-dropped',
    'touch does not move the times',
    ['posix:utimens/now-and-now'],
    (sound) => ({
      setattr: (ino, { atimeNs, mtimeNs, ...change }, request) =>
        sound.setattr(
          ino,
          {
            ...change,
            ...(typeof atimeNs === 'bigint' && { atimeNs }),
            ...(typeof mtimeNs === 'bigint' && { mtimeNs }),
          },
          request,
        ),
    }),
  ],
  [
    'ctime-is-mtime',
    'chmod and chown do not move the change time',
    ['posix:chmod/updates-ctime-and-not-mtime', 'posix:chown/updates-ctime-and-not-mtime'],
    (sound) => tellAttributes(sound, ({ mtimeNs }) => ({ ctimeNs: mtimeNs })),
  ],
  [
    'parent-times-not-moved',
    'a directory keeps its times when names come and go, as with most S3 mounts',
    ['posix:timestamps/create-updates-mtime-of-the-parent'],
    (sound) => {
      const kept = new Map<bigint, bigint>();
      const still = tellAttributes(sound, (attributes) => {
        if (!isDirectory(attributes)) return {};
        const mtimeNs = kept.get(attributes.ino) ?? attributes.mtimeNs;
        kept.set(attributes.ino, mtimeNs);
        return { mtimeNs };
      });
      return {
        ...still,
        setattr: (ino, change, request) => {
          kept.delete(ino);
          return (still.setattr ?? sound.setattr)(ino, change, request);
        },
      };
    },
  ],
  [
    'close-moves-mtime',
    'close sets the modification time to that of the upload',
    ['integrity:saved/mtime-of-a-write-stays'],
    (sound) => ({
      flush: async (ino, handle, request) => {
        await sound.flush(ino, handle, request);
        await sound.setattr(ino, { mtimeNs: 'now' }, request);
      },
    }),
  ],
  [
    'one-link-only',
    'a file with two names tells a link count of 1',
    ['posix:link/gives-a-second-name'],
    (sound) => tellAttributes(sound, (attributes) => (isRegular(attributes) ? { nlink: 1 } : {})),
  ],
  [
    'unlinked-file-has-a-link',
    'an open file without a name still tells a link',
    ['posix:unlink/open-file-has-no-links'],
    (sound) => tellAttributes(sound, ({ nlink }) => ({ nlink: Math.max(1, nlink) })),
  ],
  [
    'special-bits-cut',
    'chmod forgets set-user-id, set-group-id and the sticky bit',
    ['posix:chmod/file-7777'],
    (sound) => tellAttributes(sound, ({ mode }) => ({ mode: mode & ~SPECIAL })),
  ],
  [
    'chmod-ignored',
    'chmod succeeds and changes nothing, as in rclone mount',
    ['posix:chmod/file-0400'],
    (sound) => ({
      setattr: (ino, change, request) => sound.setattr(ino, without(change, 'mode'), request),
    }),
  ],
  [
    'directory-mode-fixed',
    'each new directory has mode 0755, as in goofys',
    ['posix:mkdir/mode-700'],
    (sound) => ({
      mkdir: (parent, name, _mode, request) => sound.mkdir(parent, name, 0o040755, request),
    }),
  ],
  [
    'file-mode-fixed',
    'each new file has mode 0644, as in goofys',
    ['posix:create/mode-600'],
    (sound) => ({
      create: (parent, name, _mode, flags, request) => sound.create(parent, name, 0o100644, flags, request),
    }),
  ],
  [
    'owner-is-the-mounter',
    'a new file belongs to who mounted and not to who made it',
    ['posix:create/owner-is-the-caller'],
    (sound) => ({
      create: (parent, name, mode, flags, request) =>
        sound.create(parent, name, mode, flags, asRoot(request)),
    }),
  ],
  [
    'chown-ignored',
    'chown succeeds and changes nothing',
    ['posix:chown/both'],
    (sound) => ({
      setattr: (ino, change, request) => sound.setattr(ino, without(change, 'uid', 'gid'), request),
    }),
  ],
  [
    'chown-keeps-set-user-id',
    'a program keeps set-user-id when it is given away',
    ['posix:chown/clears-set-user-id-of-an-executable'],
    (sound) => ({
      setattr: async (ino, change, request) => {
        const { mode } = (await sound.getattr(ino, undefined, request)).attributes;
        const answer = await sound.setattr(ino, change, request);
        if (change.uid === undefined && change.gid === undefined) return answer;
        return sound.setattr(ino, { mode: mode & 0o7777 }, asRoot(request));
      },
    }),
  ],
  [
    'write-keeps-set-user-id',
    'a write by another user leaves set-user-id on the file',
    ['posix:chmod/write-by-another-user-clears-set-user-id'],
    (sound) => {
      const before = new Map<bigint, number>();
      const told = tellAttributes(sound, ({ ino, mode }) => ({ mode: before.get(ino) ?? mode }));
      return {
        ...told,
        setattr: async (ino, change, request) => {
          if (change.killPrivileges === true) {
            before.set(ino, (await sound.getattr(ino, undefined, request)).attributes.mode);
          }
          return (told.setattr ?? sound.setattr)(ino, change, request);
        },
      };
    },
  ],
  [
    'set-group-id-not-inherited',
    'a file made in a set-group-id directory gets the group of its maker',
    ['posix:create/inherits-the-group-of-a-set-group-id-parent'],
    (sound) => ({
      create: async (parent, name, mode, flags, request) => {
        const created = await sound.create(parent, name, mode, flags, request);
        const root = asRoot(request);
        const { attributes } = await sound.setattr(created.entry.attributes.ino, { gid: request.gid }, root);
        return { ...created, entry: { ...created.entry, attributes } };
      },
    }),
  ],
  [
    'permissions-not-checked',
    'modes are told as open to all, so that everybody may do everything',
    ['posix:permission/eacces-for-reading-without-permission'],
    (sound) => tellAttributes(sound, ({ mode }) => ({ mode: mode | 0o666 })),
  ],
  [
    'group-bits-for-everybody',
    'the group bits count for users outside the group too',
    ['posix:permission/group-bits-do-not-count-for-others', 'posix:create/mode-640'],
    (sound) => tellAttributes(sound, ({ mode }) => ({ mode: mode | ((mode & 0o070) >> 3) })),
  ],
  [
    'stale-size-after-truncate',
    'stat tells the old size after truncate',
    ['posix:truncate/shorter', 'posix:truncate/to-zero'],
    (sound) => {
      const before = new Map<bigint, bigint>();
      const stale = tellAttributes(sound, ({ ino, sizeBytes }) => ({
        sizeBytes: before.get(ino) ?? sizeBytes,
      }));
      return {
        ...stale,
        setattr: async (ino, change, request) => {
          if (change.sizeBytes !== undefined) {
            before.set(ino, (await sound.getattr(ino, undefined, request)).attributes.sizeBytes);
          }
          return (stale.setattr ?? sound.setattr)(ino, change, request);
        },
      };
    },
  ],
  [
    'size-in-whole-blocks',
    'sizes are rounded up to 512 bytes',
    ['posix:stat/size-and-blocks', 'posix:write/new-file-of-4097-bytes'],
    (sound) =>
      tellAttributes(sound, (attributes) =>
        isRegular(attributes) ? { sizeBytes: ((attributes.sizeBytes + 511n) / 512n) * 512n } : {},
      ),
  ],
  [
    'device-number-lost',
    'a device node has no device number',
    ['posix:mknod/character-device'],
    (sound) => tellAttributes(sound, () => ({ rdev: 0 })),
  ],
  [
    'set-id-of-directories-cut',
    'a directory loses set-group-id, so that groups are not inherited below it',
    ['posix:chmod/directory-2775'],
    (sound) =>
      tellAttributes(sound, (attributes) =>
        isDirectory(attributes) ? { mode: attributes.mode & ~SET_ID } : {},
      ),
  ],
]);
