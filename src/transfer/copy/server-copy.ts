import type { StorageClass } from '../../config/storage-class.js';
import { chooseStorageClass } from '../../config/storage-class-rules.js';
import { Failure } from '../../errors/failure.js';
import { retrying } from '../../s3/backoff.js';
import { settledComplete } from '../../s3/retry.js';
import type { ObjectDescription, ObjectHead, WriteResult } from '../../s3/store.js';
import { summarize, tryPart, type TransferContext } from '../context.js';
import { openUploadJournal, type SentPart, type UploadJournal } from '../journal/upload-journal.js';
import { abandonUpload } from '../multipart.js';
import { newContext } from '../optimized.js';
import { connectionsOf, cutParts, S3_LIMITS, type Part } from '../plan.js';
import { pacedStore } from '../request-rate/pacer.js';
import type { Verification } from '../transporter.js';
import { runWindowed } from '../window.js';
import {
  resumable,
  urlOf,
  type CopyContext,
  type CopySummary,
  type ObjectPlace,
  type OnBytes,
} from './copy-context.js';
import { lookUp } from './download-file.js';

/** CopyObject takes objects up to 5 GiB (S3 API reference, CopyObject); larger ones are copied in parts. */
export const ONE_COPY_BYTES = S3_LIMITS.maxPartBytes;
/** Parts of a larger copy: enough of them that all connections work, few enough that their requests cost little. */
const COPY_PART_BYTES = 512 * 2 ** 20;

/** Sizes that a test makes small. */
export interface CopySizes {
  readonly oneCopyBytes: number;
  readonly partBytes: number;
}

/**
 * Copies an object inside the service: no byte passes here. Metadata, content headers and tags go with it. The source is pinned by its ETag.
 */
export async function copyOnServer(
  context: CopyContext,
  source: ObjectPlace,
  target: ObjectPlace,
  onProgress: OnBytes,
  sizes: CopySizes = { oneCopyBytes: ONE_COPY_BYTES, partBytes: COPY_PART_BYTES },
): Promise<CopySummary> {
  if (urlOf(source) === urlOf(target)) {
    throw new Failure('usage', `${urlOf(source)} would be copied to itself`, {
      remedy: 'Name another destination',
    });
  }
  const { head } = await lookUp(context, source);
  const { settings, log } = context;
  const transfer = newContext({ store: pacedStore(context.storeFor(target.bucket)), settings, log });
  const { key } = target;
  const facts = { key, leastBytes: head.sizeBytes, mostBytes: head.sizeBytes };
  const storageClass = chooseStorageClass(settings, facts);
  const job: ServerCopy = { context, transfer, source, target, head, storageClass, onProgress };
  const result =
    head.sizeBytes <= sizes.oneCopyBytes ? await copyWhole(job) : await copyInParts(job, sizes.partBytes);
  onProgress(head.sizeBytes, head.sizeBytes);
  const verification = await compare(job, result.etag);
  return {
    ...summarize(transfer, head.sizeBytes, verification),
    etag: result.etag,
    source: urlOf(source),
    destination: urlOf(target),
  };
}

interface ServerCopy {
  readonly context: CopyContext;
  readonly transfer: TransferContext;
  readonly source: ObjectPlace;
  readonly target: ObjectPlace;
  readonly head: ObjectHead;
  /** Of the copy. */
  readonly storageClass: StorageClass;
  readonly onProgress: OnBytes;
}

function copyWhole(job: ServerCopy): Promise<WriteResult> {
  const { context, transfer, source, target, head } = job;
  const { signal } = context;
  const options = {
    signal,
    sourceIfMatch: head.etag,
    sourceBucket: source.bucket,
    storage: { storageClass: job.storageClass },
  };
  return retrying(() => transfer.store.copy(source.key, target.key, options), { signal });
}

async function copyInParts(job: ServerCopy, wantedBytes: number): Promise<WriteResult> {
  const { context, transfer, target, head } = job;
  const partBytes = Math.max(wantedBytes, Math.ceil(head.sizeBytes / S3_LIMITS.maxParts));
  const journal = await journalFor(job, partBytes);
  const { signal } = context;
  const { metadata, headers } = head;
  const tags = await tagsOf(job);
  const description = { metadata, headers, storageClass: job.storageClass, ...tags };
  const create = () => transfer.store.createUpload(target.key, { ...description, signal });
  const uploadId = journal?.uploadId ?? (await retrying(create, { signal }));
  try {
    if (journal !== undefined && journal.uploadId === undefined) await journal.begin(uploadId);
    const parts = await copyParts(job, uploadId, cutParts(head.sizeBytes, partBytes), journal);
    const complete = settledComplete(transfer.store, target.key, uploadId, parts, { signal });
    const result = await retrying(complete, { signal });
    await journal?.remove();
    return result;
  } catch (reason) {
    const failure = Failure.from(reason);
    const isOutdated = failure.kind === 'missing-upload' || failure.kind === 'precondition-failed';
    if (journal === undefined || isOutdated) await abandonUpload(transfer, target.key, uploadId);
    if (journal === undefined) throw failure;
    const keptBytes = isOutdated
      ? 0
      : [...journal.parts.values()].reduce((sum, part) => sum + part.sizeBytes, 0);
    await (isOutdated ? journal.remove() : journal.close());
    throw resumable(failure, keptBytes);
  }
}

/** Tags go with one CopyObject by themselves, but not with parts. */
async function tagsOf({ context, source, head }: ServerCopy): Promise<Pick<ObjectDescription, 'tags'>> {
  if ((head.tagCount ?? 0) === 0) return {};
  const { signal } = context;
  const store = context.storeFor(source.bucket);
  return { tags: await retrying(() => store.tags(source.key, { signal }), { signal }) };
}

async function copyParts(
  { context, transfer, source, target, head, onProgress }: ServerCopy,
  uploadId: string,
  parts: readonly Part[],
  journal: UploadJournal | undefined,
): Promise<readonly SentPart[]> {
  const { signal } = context;
  const done = [...(journal?.parts.values() ?? [])];
  let doneBytes = done.reduce((sum, part) => sum + part.sizeBytes, 0);
  transfer.tally.resumedBytes = doneBytes;
  transfer.tally.parts = parts.length;
  const left = parts.filter((part) => journal?.parts.has(part.index + 1) !== true).values();
  const pieceBytes = parts[0]?.sizeBytes ?? 1;
  await runWindowed<Part>(
    transfer,
    {
      pieceBytes,
      connections: connectionsOf(context.settings),
      next: () => Promise.resolve(left.next().value),
      async run(part, stop, window) {
        const partNumber = part.index + 1;
        const { firstByte, lastByte } = part;
        const options = {
          ...{ sourceKey: source.key, sourceBucket: source.bucket, sourceIfMatch: head.etag },
          range: { firstByte, lastByte },
          signal: stop,
        };
        const send = () => transfer.store.copyPart(target.key, uploadId, partNumber, options);
        const { etag } = await tryPart(transfer, part.sizeBytes, stop, send, window);
        const sent = { partNumber, etag, sizeBytes: part.sizeBytes };
        done.push(sent);
        await journal?.add(sent);
        doneBytes += part.sizeBytes;
        onProgress(doneBytes, head.sizeBytes);
      },
    },
    signal,
  );
  return done.sort((a, b) => a.partNumber - b.partNumber);
}

async function journalFor(job: ServerCopy, partBytes: number): Promise<UploadJournal | undefined> {
  const { context, transfer, source, target, head } = job;
  const identity = ['copy', context.endpoint, urlOf(source), urlOf(target)];
  const pin = {
    etag: head.etag,
    sizeBytes: head.sizeBytes,
    partBytes,
    storageClass: job.storageClass,
  };
  const journal = await openUploadJournal(context.journals, identity, pin);
  if (journal.outdatedId !== undefined) await abandonUpload(transfer, target.key, journal.outdatedId);
  if (context.resume) return journal;
  if (journal.uploadId !== undefined) await abandonUpload(transfer, target.key, journal.uploadId);
  await journal.remove();
  return undefined;
}

/** @throws Failure `bad-checksum`, `short-body`. */
async function compare({ context, transfer, target, head }: ServerCopy, etag: string): Promise<Verification> {
  const { signal } = context;
  const source = head.checksum;
  const copy = await retrying(() => transfer.store.head(target.key, { checksum: true, signal }), { signal });
  if (copy.etag !== etag) return { verified: false, reason: 'the copy was replaced in the meantime' };
  if (copy.sizeBytes !== head.sizeBytes) {
    throw new Failure('short-body', `The copy has ${copy.sizeBytes} bytes, its source ${head.sizeBytes}`);
  }
  const { checksum } = copy;
  const isSameKind = source?.algorithm === checksum?.algorithm && source?.type === 'FULL_OBJECT';
  if (source !== undefined && checksum?.type === 'FULL_OBJECT' && isSameKind) {
    if (source.value === checksum.value) return { verified: true, by: `${source.algorithm} FULL_OBJECT` };
    throw new Failure(
      'bad-checksum',
      `The copy has the ${source.algorithm} ${checksum.value}, not ${source.value}`,
    );
  }
  if (etag === head.etag) return { verified: true, by: 'ETag' };
  return {
    verified: false,
    reason: 'source and copy have no checksum in common; their lengths are the same',
  };
}
