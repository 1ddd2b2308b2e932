import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { Failure } from '../../errors/failure.js';
import { retrying } from '../../s3/backoff.js';
import type { ObjectHead } from '../../s3/store.js';
import { createTransporter } from '../create.js';
import { openDownloadJournal, type DownloadJournal } from '../journal/download-journal.js';
import { knownParts } from '../integrity/part-sizes.js';
import { partAlgorithm, type ExpectedChecksum } from '../integrity/verification.js';
import { resolveTarget } from '../local-files.js';
import { cutDownload, firstRangeBytes } from '../plan.js';
import type { DownloadSummary, TransferSink } from '../transporter.js';
import {
  MAX_STARTS,
  refuseArchived,
  resumable,
  urlOf,
  type CopyContext,
  type CopySummary,
  type ObjectPlace,
  type OnBytes,
} from './copy-context.js';

/** An object as its HEAD told it, before any of its bytes is asked for. */
export interface KnownObject {
  readonly head: ObjectHead;
  readonly checksum?: ExpectedChecksum;
}

/** @throws Failure `archived`, `missing`. */
export async function lookUp(context: CopyContext, place: ObjectPlace): Promise<KnownObject> {
  const { signal } = context;
  const store = context.storeFor(place.bucket);
  const head = await retrying(() => store.head(place.key, { checksum: true, signal }), { signal });
  refuseArchived(place, head);
  if (head.checksum === undefined) return { head };
  const parts = head.checksum.type === 'COMPOSITE' ? await knownParts(store, head, signal) : {};
  return { head, checksum: { ...head.checksum, ...parts } };
}

/**
 * Copies an object to a local file, which appears under its name when it is whole and compared. Ranges that have come
 * are remembered in a journal, and lie in an unfinished file beside the target: after a kill the same copy goes on,
 * where the object is still the same.
 */
export async function downloadFile(
  context: CopyContext,
  source: ObjectPlace,
  path: string,
  onProgress: OnBytes,
): Promise<CopySummary> {
  for (let starts = 1; ; starts += 1) {
    const known = await lookUp(context, source);
    const journal = await journalFor(context, source, known, path);
    try {
      const summary = await download(context, source, known, { kind: 'file', path }, onProgress, journal);
      await journal?.remove();
      return { ...summary, source: urlOf(source), destination: path };
    } catch (reason) {
      const failure = Failure.from(reason);
      const isOutdated = failure.kind === 'changed-under-us' || failure.kind === 'bad-checksum';
      const keptBytes = receivedBytes(journal);
      await (isOutdated ? journal?.remove() : journal?.close());
      if (!isOutdated) throw resumable(failure, keptBytes);
      if (starts >= MAX_STARTS || failure.kind === 'bad-checksum') throw failure;
      context.log.warn({ key: source.key }, 'the object was replaced: the download starts anew');
    }
  }
}

/** Copies an object to a stream, in order. */
export async function downloadStream(
  context: CopyContext,
  source: ObjectPlace,
  stream: Writable,
  onProgress: OnBytes,
): Promise<CopySummary> {
  const known = await lookUp(context, source);
  const summary = await download(context, source, known, { kind: 'stream', stream }, onProgress);
  return { ...summary, source: urlOf(source), destination: '-' };
}

function download(
  { storeFor, settings, signal, log }: CopyContext,
  { bucket, key }: ObjectPlace,
  { head, checksum }: KnownObject,
  sink: TransferSink,
  onProgress: OnBytes,
  journal?: DownloadJournal,
): Promise<DownloadSummary> {
  return createTransporter('optimized', storeFor(bucket), settings, { log }).download(key, sink, {
    ifMatch: head.etag,
    sizeBytes: head.sizeBytes,
    signal,
    onProgress: (doneBytes) => {
      onProgress(doneBytes, head.sizeBytes);
    },
    ...(checksum === undefined ? {} : { checksum }),
    ...(journal === undefined ? {} : { journal }),
  });
}

async function journalFor(
  { settings, journals, endpoint, resume }: CopyContext,
  source: ObjectPlace,
  { head, checksum }: KnownObject,
  path: string,
): Promise<DownloadJournal | undefined> {
  const firstBytes = firstRangeBytes(settings);
  if (head.sizeBytes <= firstBytes || settings.level === 'off') return undefined;
  const target = await resolveTarget(resolve(path));
  const identity = ['download', endpoint, urlOf(source), target];
  const pin = {
    etag: head.etag,
    sizeBytes: head.sizeBytes,
    firstBytes,
    partBytes: cutDownload(head.sizeBytes, firstBytes, settings)[1]?.sizeBytes ?? 0,
    algorithm: partAlgorithm(checksum),
  };
  const journal = await openDownloadJournal(journals, identity, pin, target);
  if (resume) return journal;
  await journal.remove();
  return undefined;
}

function receivedBytes(journal: DownloadJournal | undefined): number {
  return [...(journal?.parts.values() ?? [])].reduce((sum, part) => sum + part.sizeBytes, 0);
}
