import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '../../errors/failure.js';
import { multipartEtag } from '../../s3/retry.js';
import { createTransporter } from '../create.js';
import { onLocalFile } from '../local-files.js';
import { openUploadJournal, type UploadJournal } from '../journal/upload-journal.js';
import { abandonUpload } from '../multipart.js';
import { factsOf } from '../storage-facts.js';
import { chooseStorageClass } from '../../config/storage-class-rules.js';
import { uploadPartBytes } from '../plan.js';
import {
  MAX_STARTS,
  resumable,
  urlOf,
  type CopyContext,
  type CopySummary,
  type ObjectPlace,
  type OnBytes,
} from './copy-context.js';

/**
 * Copies a local file to S3. A multipart upload is remembered in a journal: after a kill the same copy goes on, where
 * the file is still the same by size, times and inode.
 */
export async function uploadFile(
  context: CopyContext,
  path: string,
  target: ObjectPlace,
  onProgress: OnBytes,
): Promise<CopySummary> {
  for (let starts = 1; ; starts += 1) {
    const { summary, failure } = await startUpload(context, path, target, onProgress);
    if (summary !== undefined) return { ...summary, source: path, destination: urlOf(target) };
    if (starts >= MAX_STARTS || !isOutdated(failure)) throw failure;
    context.log.warn({ path, kind: failure.kind }, 'the upload starts anew');
  }
}

/** The journal was about something that is no more. */
function isOutdated({ kind }: Failure): boolean {
  return kind === 'changed-under-us' || kind === 'missing-upload';
}

type Attempt =
  | { readonly summary: Omit<CopySummary, 'source' | 'destination'>; readonly failure?: never }
  | { readonly summary?: never; readonly failure: Failure };

async function startUpload(
  context: CopyContext,
  path: string,
  target: ObjectPlace,
  onProgress: OnBytes,
): Promise<Attempt> {
  const { settings, signal, log } = context;
  const store = context.storeFor(target.bucket);
  const facts = await onLocalFile(path, () => stat(path, { bigint: true }));
  const sizeBytes = Number(facts.size);
  const journal = await journalFor(context, path, facts, target);
  const transporter = createTransporter('optimized', store, settings, { log });
  const { key } = target;
  try {
    const options = {
      signal,
      onProgress: (doneBytes: number) => {
        onProgress(doneBytes, sizeBytes);
      },
      ...(journal === undefined ? {} : { journal }),
    };
    const summary = await transporter.upload(key, { kind: 'file', path }, options);
    await journal?.remove();
    return { summary };
  } catch (reason) {
    const failure = Failure.from(reason);
    if (journal === undefined) throw failure;
    if (!isOutdated(failure)) {
      const keptBytes = sentBytes(journal);
      await journal.close();
      throw resumable(failure, keptBytes);
    }
    const done =
      failure.kind === 'missing-upload' ? await completedBefore(context, target, journal) : undefined;
    if (done === undefined && journal.uploadId !== undefined) await abort(context, target, journal.uploadId);
    await journal.remove();
    return done === undefined ? { failure } : { summary: done };
  }
}

async function journalFor(
  context: CopyContext,
  path: string,
  facts: BigIntStats,
  target: ObjectPlace,
): Promise<UploadJournal | undefined> {
  const { settings, journals, endpoint } = context;
  const sizeBytes = Number(facts.size);
  const partBytes = uploadPartBytes(sizeBytes, settings);
  if (!facts.isFile() || sizeBytes <= partBytes || settings.level === 'off') return undefined;
  const identity = ['upload', resolve(path), endpoint, urlOf(target)];
  // The time of the last change of the inode can not be set back by a program, that of the content can.
  const pin = {
    sizeBytes,
    partBytes,
    inode: String(facts.ino),
    modified: String(facts.mtimeNs),
    changed: String(facts.ctimeNs),
    storageClass: chooseStorageClass(settings, await factsOf(target.key, { kind: 'file', path })),
  };
  const journal = await openUploadJournal(journals, identity, pin);
  if (journal.outdatedId !== undefined) await abort(context, target, journal.outdatedId);
  if (context.resume) return journal;
  if (journal.uploadId !== undefined) await abort(context, target, journal.uploadId);
  await journal.remove();
  return undefined;
}

/** A process that was killed after the completion, before its journal was removed. */
async function completedBefore(
  { storeFor, signal }: CopyContext,
  { bucket, key }: ObjectPlace,
  journal: UploadJournal,
): Promise<Attempt['summary']> {
  const parts = [...journal.parts.values()].sort((a, b) => a.partNumber - b.partNumber);
  const head = await storeFor(bucket)
    .head(key, { checksum: true, signal })
    .catch(() => undefined);
  if (parts.length === 0 || head?.etag !== multipartEtag(parts)) return undefined;
  const sizeBytes = sentBytes(journal);
  return {
    sizeBytes,
    elapsedMs: 0,
    parts: parts.length,
    requests: 1,
    retries: 0,
    hedged: 0,
    hedgeWins: 0,
    hedgesCancelled: 0,
    peakInFlight: 0,
    resumedBytes: sizeBytes,
    etag: head.etag,
    verification: { verified: true, by: 'ETag of the parts' },
  };
}

function sentBytes(journal: UploadJournal): number {
  return [...journal.parts.values()].reduce((sum, part) => sum + part.sizeBytes, 0);
}

function abort(context: CopyContext, { bucket, key }: ObjectPlace, uploadId: string): Promise<void> {
  return abandonUpload({ store: context.storeFor(bucket), policy: {}, log: context.log }, key, uploadId);
}
