import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { deadline } from '../../errors/deadline.js';
import { Failure } from '../../errors/failure.js';
import type { ObjectDescription, UploadedPart, WriteConditions, WriteResult } from '../../s3/store.js';
import type { Context } from '../context.js';
import { localFailure } from './local-bytes.js';

/** The most that cleaning up after a failure may take. */
const CLEANUP_MS = 10_000;
/** How far the clocks of S3 and of this machine may differ. */
const CLOCK_SKEW_MS = 60_000;

/** A multipart upload that has begun; a local note of it lets the next mount abort it after a crash. */
export interface MultipartUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly notePath: string;
}

const noteSchema = z.object({ key: z.string(), uploadId: z.string().optional(), startedMs: z.number() });
type Note = z.infer<typeof noteSchema>;

/** @throws Failure of the store or of the local disk. */
export async function beginUpload(
  context: Context,
  key: string,
  description: ObjectDescription,
  signal?: AbortSignal,
): Promise<MultipartUpload> {
  const notePath = join(notesFolder(context), randomUUID());
  const note: Note = { key, startedMs: Date.now() };
  await writeNote(context, notePath, note);
  signal?.throwIfAborted();
  // Without the signal: the reply carries the id without which the upload can not be aborted.
  const uploadId = await context.store.createUpload(key, description);
  await writeNote(context, notePath, { ...note, uploadId });
  return { key, uploadId, notePath };
}

export async function completeUpload(
  context: Context,
  upload: MultipartUpload,
  parts: readonly UploadedPart[],
  options: WriteConditions & { readonly signal?: AbortSignal },
): Promise<WriteResult> {
  const { key, uploadId } = upload;
  const sorted = [...parts].sort((a, b) => a.partNumber - b.partNumber);
  const result = await context.store.completeUpload(key, uploadId, sorted, options);
  await forgetUpload(upload);
  return result;
}

/** Leaves an upload to the user: the next mount does not abort it. */
export async function forgetUpload({ notePath }: MultipartUpload): Promise<void> {
  await rm(notePath, { force: true }).catch(() => undefined);
}

/** Never fails: what could not be aborted is tried again by the next mount. */
export async function abortUpload(context: Context, upload: MultipartUpload): Promise<void> {
  const { key, uploadId, notePath } = upload;
  try {
    await context.store.abortUpload(key, uploadId, { signal: deadline(CLEANUP_MS) });
    await rm(notePath, { force: true });
  } catch (error) {
    const reason = Failure.from(error).message;
    context.log.warn({ key, uploadId, reason }, 'a multipart upload could not be aborted');
  }
}

/** Aborts uploads that an earlier mount with this cache folder began. Never fails. Call it before the folder is emptied. */
export async function abortLeftUploads(context: Context): Promise<void> {
  if (context.mount.readOnly) return;
  const folder = notesFolder(context);
  for (const name of await readdir(folder).catch(() => [])) {
    try {
      const parsed: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'));
      await abortNoted(context, noteSchema.parse(parsed));
    } catch (error) {
      context.log.warn({ name, reason: Failure.from(error).message }, 'an upload could not be aborted');
    }
  }
}

async function abortNoted(context: Context, { key, uploadId, startedMs }: Note): Promise<void> {
  if (uploadId !== undefined) {
    await context.store.abortUpload(key, uploadId);
    return;
  }
  // It was killed before the reply came: the upload of this key that began then is ours.
  const uploads = await context.store.listUploads(key);
  const ours = uploads.filter(
    (upload) => upload.key === key && Math.abs(upload.initiatedMs - startedMs) < CLOCK_SKEW_MS,
  );
  for (const upload of ours) await context.store.abortUpload(key, upload.uploadId);
}

async function writeNote(context: Context, path: string, note: Note): Promise<void> {
  try {
    await mkdir(notesFolder(context), { recursive: true, mode: 0o700 });
    await writeFile(path, JSON.stringify(note), { mode: 0o600 });
  } catch (error) {
    throw localFailure(error, path);
  }
}

function notesFolder({ stageFolder }: Context): string {
  return join(stageFolder, 'uploads');
}
