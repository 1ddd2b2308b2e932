import { Failure } from '../errors/failure.js';
import { assertWritable, type Context } from './context.js';
import { copyRange } from './data/copy-range.js';
import { flushLocked } from './data/upload.js';
import {
  assertSize,
  changeContent,
  markChanged,
  noteChanged,
  readableHandle,
  writableHandle,
} from './files.js';
import { sizeOf, type FileNode } from './nodes/node.js';
import type { FileSystem, Request } from './operations.js';

/** fallocate(2) modes, include/uapi/linux/falloc.h. */
const FALLOC_FL_KEEP_SIZE = 0x01;
const FALLOC_FL_PUNCH_HOLE = 0x02;
const FALLOC_FL_ZERO_RANGE = 0x10;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

type RangeOperations = Pick<FileSystem, 'fallocate' | 'lseek' | 'copyFileRange'>;

/** Operations on ranges of open files. */
export function rangeOperations(context: Context): RangeOperations {
  return {
    fallocate: async (_ino, handle, mode, offset, lengthBytes, request) => {
      assertWritable(context);
      const { node } = writableHandle(context, handle);
      await allocate(context, node, mode, Number(offset), Number(lengthBytes), request);
    },
    copyFileRange: async (_ino, handle, offset, to, lengthBytes, request) => {
      assertWritable(context);
      const from = { handle: readableHandle(context, handle), offset: Number(offset) };
      const target = { handle: writableHandle(context, to.handle), offset: Number(to.offset) };
      const { node } = target.handle;
      assertSize(target.offset + Math.min(Number(lengthBytes), sizeOf(from.handle.node)));
      const save = (file: FileNode) => flushLocked(context, file, request.signal);
      const changed = (): void => {
        markChanged(node);
        noteChanged(context, node, request);
      };
      return BigInt(
        await copyRange(context, from, target, Number(lengthBytes), request.signal, save, changed),
      );
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a failure must reject, not throw
    lseek: async (_ino, handle, offset, whence) => {
      const { node } = context.table.handle(handle, 'file');
      return BigInt(seek(node, Number(offset), whence));
    },
  };
}

/**
 * lseek(2) with SEEK_DATA or SEEK_HOLE. Holes are known while a file is written here; an object on S3 has none, which is
 * a right answer for any file: data up to the end, one hole there.
 */
function seek(node: FileNode, offset: number, whence: number): number {
  if (whence !== SEEK_DATA && whence !== SEEK_HOLE) {
    throw new Failure('invalid-argument', `lseek with whence ${whence} is not for the file system`);
  }
  const sizeBytes = sizeOf(node);
  const wantsHole = whence === SEEK_HOLE;
  const beyond = new Failure('no-data-beyond', `There is nothing of that kind from offset ${offset} on`);
  if (offset < 0 || offset >= sizeBytes) throw beyond;
  if (node.stage === undefined) return wantsHole ? sizeBytes : offset;
  const found = node.stage.slices(offset, sizeBytes).find(({ source }) => (source === 'zeros') === wantsHole);
  if (found !== undefined) return found.start;
  if (wantsHole) return sizeBytes;
  throw beyond;
}

async function allocate(
  context: Context,
  node: ReturnType<typeof writableHandle>['node'],
  mode: number,
  offset: number,
  lengthBytes: number,
  request: Request,
): Promise<void> {
  if (offset < 0 || lengthBytes <= 0)
    throw new Failure('invalid-argument', 'fallocate needs a length over 0');
  const keepSize = (mode & FALLOC_FL_KEEP_SIZE) !== 0;
  const what = mode & ~FALLOC_FL_KEEP_SIZE;
  const punch = what === FALLOC_FL_PUNCH_HOLE && keepSize;
  if (what !== 0 && what !== FALLOC_FL_ZERO_RANGE && !punch) {
    throw new Failure('unsupported', `fallocate mode ${mode} is not supported`);
  }
  if (!keepSize) assertSize(offset + lengthBytes);
  // Space is never short on S3, so reserving it has nothing to do.
  if (what === 0 && (keepSize || offset + lengthBytes <= sizeOf(node))) return;
  await changeContent(context, node, request, async (stage) => {
    const end = keepSize ? Math.min(offset + lengthBytes, stage.sizeBytes) : offset + lengthBytes;
    if (what === 0) await stage.truncate(Math.max(end, stage.sizeBytes));
    else if (end > offset) await stage.zero(offset, end - offset);
  });
}
