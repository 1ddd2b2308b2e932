import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, realpath, rename, rm, type FileHandle } from 'node:fs/promises';
import { Failure, type FailureKind } from '../errors/failure.js';

/** Errors of the local file system to kinds; the rest is `internal` with its cause. */
const KIND_FOR_CODE: Readonly<Record<string, FailureKind>> = {
  ENOENT: 'no-entry',
  ENOTDIR: 'not-directory',
  EISDIR: 'is-directory',
  EACCES: 'access-denied',
  EPERM: 'not-permitted',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EROFS: 'read-only',
  EFBIG: 'file-too-big',
  ENAMETOOLONG: 'name-too-long',
};

/** A read of this size costs about as much as the system call that makes it. */
const READ_BYTES = 2 ** 20;

/** Gives a range of a file to a digest; `false` where the file ends before it. */
export async function readThrough(
  handle: FileHandle,
  path: string,
  { firstByte, sizeBytes }: { readonly firstByte: number; readonly sizeBytes: number },
  digest: { update(bytes: Uint8Array): void },
): Promise<boolean> {
  return onLocalFile(path, async () => {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(1, sizeBytes)));
    for (let done = 0; done < sizeBytes;) {
      const wanted = Math.min(buffer.byteLength, sizeBytes - done);
      const { bytesRead } = await handle.read(buffer, 0, wanted, firstByte + done);
      if (bytesRead === 0) return false;
      digest.update(buffer.subarray(0, bytesRead));
      done += bytesRead;
    }
    return true;
  });
}

/** Runs a step on a local file; its errors become failures that name the path. */
export async function onLocalFile<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (reason) {
    if (reason instanceof Failure) throw reason;
    const code = errorCode(reason);
    const kind = KIND_FOR_CODE[code ?? ''];
    if (kind === undefined) throw Failure.from(reason);
    throw new Failure(kind, `Local file ${path}: ${code ?? 'error'}`, { subject: path, cause: reason });
  }
}

/** What was read is no longer what is there. */
export function changedFile(path: string): Failure {
  return new Failure('changed-under-us', `${path} changed while it was uploaded`, {
    subject: path,
    remedy: 'Upload it again when nobody writes to it',
  });
}

function errorCode(reason: unknown): string | undefined {
  if (typeof reason !== 'object' || reason === null || !('code' in reason)) return undefined;
  return typeof reason.code === 'string' ? reason.code : undefined;
}

/** A file that appears under its name only when it is whole. */
export interface StagedFile {
  readonly handle: FileHandle;
  /** Closes and renames onto the target. */
  commit(): Promise<void>;
  /** Closes and removes; after a commit it does nothing. */
  discard(): Promise<void>;
}

/**
 * Opens a temporary file beside `path`. A symbolic link is followed, so the link stays.
 *
 * @param kept - the unfinished file of an earlier run, which may be there; this one is not removed by `discard`.
 * @throws Failure `invalid-argument` where `path` is there and no regular file: a rename would replace a device.
 */
export async function stageFile(path: string, kept?: string): Promise<StagedFile> {
  return onLocalFile(path, async () => {
    const target = await resolveTarget(path);
    const temporary = kept ?? `${target}.${randomBytes(6).toString('hex')}.part`;
    const handle = await (kept === undefined
      ? open(temporary, 'wx+')
      : open(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o666));
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (!isOpen) return;
      isOpen = false;
      await handle.close();
    };
    return {
      handle,
      commit: () =>
        onLocalFile(path, async () => {
          await close();
          await rename(temporary, target);
        }),
      async discard() {
        await close();
        if (kept === undefined) await rm(temporary, { force: true });
      },
    };
  });
}

/** The file that a download to `path` replaces. */
export async function resolveTarget(path: string): Promise<string> {
  const entry = await lstat(path).catch((reason: unknown) => {
    if (errorCode(reason) === 'ENOENT') return undefined;
    throw reason;
  });
  if (entry === undefined || entry.isFile()) return path;
  if (entry.isSymbolicLink()) return resolveTarget(await realpath(path));
  if (entry.isDirectory()) throw new Failure('is-directory', `${path} is a directory`, { subject: path });
  throw new Failure('invalid-argument', `${path} is no regular file`, {
    subject: path,
    remedy: 'Give a regular file, or a stream for devices and pipes',
  });
}
