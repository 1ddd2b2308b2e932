import { constants } from 'node:fs';
import type { FileSystem, HandleId } from '../../fs/operations.js';
import { CallerRequest } from '../../fs/request.js';
import { mutantsOf } from '../mutant.js';

const MIB = 1024 * 1024;
const EDGE_BYTES = 5 * MIB;
/** Later than a listing that is asked for at once. */
const LATE_MS = 2_000;

/** A file system whose read bytes go through `change`. */
function changeRead(
  sound: FileSystem,
  change: (bytes: Buffer, offset: bigint) => Uint8Array,
): Partial<FileSystem> {
  return {
    read: async (ino, handle, offset, sizeBytes, request) => [
      change(Buffer.concat(await sound.read(ino, handle, offset, sizeBytes, request)), offset),
    ],
  };
}

const PAGE_BYTES = 4096;

/** Each page that is all zeros becomes rubbish. */
function soilHoles(bytes: Buffer): Buffer {
  for (let start = 0; start < bytes.length; start += PAGE_BYTES) {
    const page = bytes.subarray(start, start + PAGE_BYTES);
    if (page.every((byte) => byte === 0)) page.fill(0xa5);
  }
  return bytes;
}

/** Bytes: reading, writing, appending, truncating, holes, and the moment at which they are safe. */
export const DATA_MUTANTS = mutantsOf('fileSystem', [
  [
    'write-lost-at-a-part-edge',
    'a write that crosses 5 MiB loses what lies behind the edge',
    ['integrity:model/patched-around-5-mib', 'posix:write/across-the-5-mib-edge'],
    (sound) => ({
      write: async (ino, handle, offset, data, request) => {
        const room = EDGE_BYTES - Number(offset);
        if (room <= 0 || room >= data.length) return sound.write(ino, handle, offset, data, request);
        await sound.write(ino, handle, offset, data.subarray(0, room), request);
        return data.length;
      },
    }),
  ],
  [
    'write-one-byte-short',
    'the last byte of a long write is lost',
    ['posix:write/new-file-of-4097-bytes', 'integrity:both-ways/file-is-a-plain-object'],
    (sound) => ({
      write: async (ino, handle, offset, data, request) => {
        await sound.write(ino, handle, offset, data.subarray(0, Math.max(1, data.length - 1)), request);
        return data.length;
      },
    }),
  ],
  [
    'append-at-old-end',
    'a descriptor with O_APPEND writes where the file ended when it was opened',
    ['integrity:saved/appends-by-two-descriptors'],
    (sound) => {
      const ends = new Map<HandleId, bigint>();
      return {
        open: async (ino, flags, request) => {
          // The sound one would append by itself, whatever the offset.
          const opened = await sound.open(ino, flags & ~constants.O_APPEND, request);
          const { sizeBytes } = (await sound.getattr(ino, opened.handle, request)).attributes;
          if ((flags & constants.O_APPEND) !== 0) ends.set(opened.handle, sizeBytes);
          return opened;
        },
        write: async (ino, handle, offset, data, request) => {
          const end = ends.get(handle);
          if (end === undefined) return sound.write(ino, handle, offset, data, request);
          ends.set(handle, end + BigInt(data.length));
          return sound.write(ino, handle, end, data, request);
        },
      };
    },
  ],
  [
    'truncate-never-grows',
    'truncate to a larger size does nothing, as in goofys',
    ['posix:truncate/longer-adds-zeros'],
    (sound) => ({
      setattr: async (ino, change, request) => {
        const { sizeBytes, ...rest } = change;
        const now = (await sound.getattr(ino, change.handle, request)).attributes.sizeBytes;
        return sound.setattr(ino, sizeBytes !== undefined && sizeBytes > now ? rest : change, request);
      },
    }),
  ],
  [
    'truncate-never-shrinks',
    'truncate to a smaller size does nothing',
    ['posix:truncate/to-zero'],
    (sound) => ({
      setattr: async (ino, change, request) => {
        const { sizeBytes, ...rest } = change;
        const now = (await sound.getattr(ino, change.handle, request)).attributes.sizeBytes;
        return sound.setattr(ino, sizeBytes !== undefined && sizeBytes < now ? rest : change, request);
      },
    }),
  ],
  [
    'open-does-not-truncate',
    'O_TRUNC leaves the old bytes behind the new ones',
    ['posix:open/truncates-with-o-trunc', 'posix:write/shorter-rewrite'],
    (sound) => ({ open: (ino, flags, request) => sound.open(ino, flags & ~constants.O_TRUNC, request) }),
  ],
  [
    'garbage-in-holes',
    'a hole reads as what was in the memory before',
    ['posix:read/hole-reads-as-zeros', 'posix:write/past-the-end-leaves-a-hole'],
    (sound) => changeRead(sound, soilHoles),
  ],
  [
    'zeros-for-a-failed-read',
    'a range that can not be had reads as zeros instead of an error',
    ['range:mount/replaced-in-the-middle-is-never-a-mix'],
    (sound) => ({
      read: (ino, handle, offset, sizeBytes, request) =>
        sound.read(ino, handle, offset, sizeBytes, request).catch(() => [Buffer.alloc(sizeBytes)]),
    }),
  ],
  [
    'read-stops-at-a-block',
    'a read across 128 KiB is cut there and the rest reads as zeros',
    ['integrity:files/generated-5-mib-and-one-byte', 'range:mount/edge-128-kib'],
    (sound) =>
      changeRead(sound, (bytes, offset) => {
        const edge = 131_072 - Number(offset % 131_072n);
        return edge < bytes.length || bytes.length === 131_072
          ? bytes.subarray(0, Math.min(edge, bytes.length) - 1)
          : bytes;
      }),
  ],
  [
    'read-off-by-one',
    'reads in the middle of a file are one byte off',
    ['range:mount/in-the-middle', 'range:mount/edge-128-kib'],
    (sound) => ({
      read: (ino, handle, offset, ...rest) =>
        sound.read(ino, handle, offset === 0n ? 0n : offset + 1n, ...rest),
    }),
  ],
  [
    'read-swaps-bytes-rarely',
    'one bit of each MiB that is read is flipped',
    ['range:mount/whole-after-pieces', 'integrity:files/generated-5-mib-and-one-byte'],
    (sound) =>
      changeRead(sound, (bytes, offset) => {
        if (offset % BigInt(MIB) === 0n && bytes.length > 4096) bytes[4096] = (bytes[4096] ?? 0) ^ 1;
        return bytes;
      }),
  ],
  [
    'fsync-returns-early',
    'fsync answers before S3 has the bytes',
    ['integrity:files/fsync-is-in-s3'],
    () => ({ fsync: () => Promise.resolve() }),
  ],
  [
    'close-returns-early',
    'close answers before S3 has the bytes',
    ['integrity:both-ways/file-is-a-plain-object'],
    (sound) => ({
      flush: (ino, handle, request) => {
        const late = new CallerRequest(request);
        setTimeout(() => void sound.flush(ino, handle, late).catch(() => undefined), LATE_MS);
        return Promise.resolve();
      },
      release: (ino, handle) => {
        setTimeout(() => void sound.release(ino, handle).catch(() => undefined), 2 * LATE_MS);
        return Promise.resolve();
      },
    }),
  ],
  [
    'close-hides-a-failed-upload',
    'close succeeds although the upload was refused',
    ['integrity:saved/lost-update-is-refused'],
    (sound) => ({ flush: (...args) => sound.flush(...args).catch(() => undefined) }),
  ],
  [
    'punch-hole-does-nothing',
    'a punched hole keeps its bytes',
    ['posix:fallocate/punch-hole'],
    (sound) => ({
      fallocate: (ino, handle, mode, ...rest) =>
        (mode & 2) === 0 ? sound.fallocate(ino, handle, mode, ...rest) : Promise.resolve(),
    }),
  ],
  [
    'fallocate-does-not-grow',
    'fallocate succeeds and the file keeps its size',
    ['posix:fallocate/grows-the-file'],
    (sound) => ({
      fallocate: (ino, handle, mode, ...rest) =>
        mode === 0 ? Promise.resolve() : sound.fallocate(ino, handle, mode, ...rest),
    }),
  ],
  [
    'keep-size-grows',
    'FALLOC_FL_KEEP_SIZE grows the file all the same',
    ['posix:fallocate/keep-size'],
    (sound) => ({
      fallocate: (ino, handle, mode, ...rest) => sound.fallocate(ino, handle, mode === 1 ? 0 : mode, ...rest),
    }),
  ],
  [
    'seek-data-past-the-end',
    'SEEK_DATA at the end answers with the end instead of ENXIO',
    ['posix:seek/enxio-at-the-end'],
    (sound) => ({
      lseek: (ino, handle, offset, whence, request) =>
        sound.lseek(ino, handle, offset, whence, request).catch(() => offset),
    }),
  ],
  [
    'seek-skips-data',
    'SEEK_DATA leaps over bytes, so that copies lose them',
    ['posix:seek/data-at-the-start', 'posix:seek/never-skips-data'],
    (sound) => ({
      lseek: async (ino, handle, offset, whence, request) => {
        const found = await sound.lseek(ino, handle, offset, whence, request);
        return whence === 3 ? found + 1n : found;
      },
    }),
  ],
  [
    'copy-range-forgets-the-offset',
    'copy_file_range copies from the begin of the source whatever was asked for',
    ['posix:copy-range/in-the-middle'],
    (sound) => ({
      copyFileRange: (ino, handle, _offset, ...rest) => sound.copyFileRange(ino, handle, 0n, ...rest),
    }),
  ],
  [
    'statistics-of-nothing',
    'statfs tells a file system of no blocks, which stops installers',
    ['posix:stat/statfs-numbers'],
    (sound) => ({
      statfs: async (...args) => ({
        ...(await sound.statfs(...args)),
        blocks: 0n,
        blocksFree: 0n,
        nameMaxBytes: 0,
      }),
    }),
  ],
]);
