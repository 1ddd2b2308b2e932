import { constants } from 'node:fs';
import { FALLOCATE, SEEK, type Step } from '../../../src/harness/api/index.js';
import { Content } from './content.js';
import { Inode, type OpenFile } from './inode.js';
import type { Effect, Model } from './model.js';
import { statusOf } from './names.js';
import { Errno, canRead, canWrite, enter } from './tree.js';
import type { Value } from './replies.js';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_TRUNC } = constants;
const DONE = { value: undefined } as const;

type Of<Op extends Step['op']> = Extract<Step, { op: Op }>;

/** Steps on descriptors. */
export function descriptorStep(model: Model, step: Step, actual: Value): Effect {
  if (step.op === 'open') return open(model, step);
  if (!('slot' in step)) return undefined;
  const file = model.slots.get(step.slot);
  if (file === undefined) return undefined;
  const { inode } = file;
  switch (step.op) {
    case 'close':
      model.close(step.slot);
      return DONE;
    case 'dup':
      model.slots.set(step.to, file);
      return DONE;
    case 'read':
      return read(file, step);
    case 'write':
      return write(file, step);
    case 'seek':
      return seek(file, step);
    case 'ftruncate':
      if (!canWrite(file.flags) || inode.kind !== 'file') throw new Errno('EINVAL');
      inode.change(inode.content.resize(step.size));
      return DONE;
    case 'fallocate':
      return fallocate(file, step);
    case 'copy': {
      const to = model.slots.get(step.to);
      return to === undefined ? undefined : copy(file, to, step, actual);
    }
    case 'map':
      return map(file, step);
    case 'fsync':
      inode.acknowledge();
      return DONE;
    case 'fstat':
      return statusOf(inode);
    case 'fchmod':
      inode.mode = step.mode;
      return DONE;
    case 'futimes':
      inode.mtimeNs = step.mtimeNs;
      return DONE;
  }
}

function open(model: Model, { slot, by, path, flags, mode }: Of<'open'>): Effect {
  const isExclusive = (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0;
  const place = model.tree.place(path, !isExclusive && (flags & O_NOFOLLOW) === 0);
  let { inode } = place;
  if (inode === undefined) {
    if ((flags & O_CREAT) === 0) throw new Errno('ENOENT');
    inode = new Inode('file', mode);
    inode.beUnsaved();
    enter(place, inode);
  } else {
    if (isExclusive) throw new Errno('EEXIST');
    if (inode.kind === 'symlink') throw new Errno('ELOOP');
    if (inode.kind === 'directory' && (canWrite(flags) || (flags & (O_CREAT | O_TRUNC)) !== 0))
      throw new Errno('EISDIR');
    if ((flags & O_TRUNC) !== 0) inode.change(new Content());
  }
  model.slots.set(slot, { inode, flags, by, offset: 0 });
  return DONE;
}

function read(file: OpenFile, { at, length }: Of<'read'>): Effect {
  if (!canRead(file.flags)) throw new Errno('EBADF');
  if (file.inode.kind === 'directory') throw new Errno('EISDIR');
  const value = file.inode.content.bytes(at ?? file.offset, length);
  if (at === undefined) file.offset += value.length;
  return { value };
}

function write(file: OpenFile, { at, from, length }: Of<'write'>): Effect {
  const { inode, flags } = file;
  if (!canWrite(flags)) throw new Errno('EBADF');
  // pwrite(2), BUGS: on Linux O_APPEND appends whatever the offset.
  const start = (flags & O_APPEND) !== 0 ? inode.content.size : (at ?? file.offset);
  if (length > 0) inode.change(inode.content.write(start, from, length));
  if (at === undefined && length > 0) file.offset = start + length;
  return { value: length };
}

function seek(file: OpenFile, { whence, at }: Of<'seek'>): Effect {
  const { inode } = file;
  const { size } = inode.content;
  if (whence === SEEK.data || whence === SEEK.hole) return seekHole(file, whence, at);
  const base = whence === SEEK.set ? 0 : whence === SEEK.current ? file.offset : size;
  if (base + at < 0) throw new Errno('EINVAL');
  file.offset = base + at;
  return { value: file.offset };
}

/** A file system may tell data where zeros are, never a hole where other bytes are: lseek(2). */
function seekHole(file: OpenFile, whence: number, at: number): Effect {
  const { content } = file.inode;
  if (at < 0 || at >= content.size) throw new Errno('ENXIO');
  const bytes = content.bytes(at);
  const isZero = (length: number): boolean => bytes.subarray(0, length).every((byte) => byte === 0);
  return {
    check(reply) {
      if ('errno' in reply) {
        const isRight = reply.errno === 'ENXIO' && whence === SEEK.data && isZero(bytes.length);
        return isRight ? undefined : `it fails with ${reply.errno}`;
      }
      const found = Number(reply.value);
      file.offset = found;
      if (found < at || found > content.size) return `${found} is not from ${at} to ${content.size}`;
      if (whence === SEEK.data && !isZero(found - at)) return `there is data before ${found}`;
      if (whence === SEEK.hole && found < content.size && bytes[found - at] !== 0)
        return `there is data at the hole ${found}`;
      return undefined;
    },
  };
}

function fallocate({ inode, flags }: OpenFile, { mode, at, length }: Of<'fallocate'>): Effect {
  if (length === 0) throw new Errno('EINVAL');
  if (!canWrite(flags)) throw new Errno('EBADF');
  const keepsSize = (mode & FALLOCATE.keepSize) !== 0;
  const isZeroed = (mode & (FALLOCATE.punchHole | FALLOCATE.zeroRange)) !== 0;
  const { content } = inode;
  const zeroed = isZeroed ? content.zero(at, length) : content;
  const end = at + length;
  if (isZeroed || (!keepsSize && end > content.size))
    inode.change(!keepsSize && end > content.size ? zeroed.resize(end) : zeroed);
  // Whether a time changes where nothing else does is left to the file system.
  inode.mtimeNs = undefined;
  return DONE;
}

function copy(file: OpenFile, to: OpenFile, step: Of<'copy'>, actual: Value): Effect {
  if (file.inode.kind === 'directory' || to.inode.kind === 'directory') throw new Errno('EISDIR');
  if (!canRead(file.flags) || !canWrite(to.flags) || (to.flags & O_APPEND) !== 0) throw new Errno('EBADF');
  const source = file.inode.content;
  const { at, toAt } = step;
  const most = Math.max(0, Math.min(step.length, source.size - at));
  if (file.inode === to.inode && toAt + most > at && toAt < at + most) throw new Errno('EINVAL');
  const count = typeof actual === 'number' && actual <= most && (actual > 0 || most === 0) ? actual : most;
  if (count > 0) to.inode.change(to.inode.content.copy(source, at, toAt, count));
  return { value: count };
}

function map({ inode, flags }: OpenFile, { at, from, length }: Of<'map'>): Effect {
  if (!canRead(flags) || !canWrite(flags)) throw new Errno('EACCES');
  inode.change(inode.content.write(at, from, length));
  return DONE;
}
