import { AsyncLocalStorage } from 'node:async_hooks';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { S3, PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { Upload } from '@aws-sdk/lib-storage';
import { Failure } from '../errors/failure.js';
import { withFailures } from '../s3/caller.js';
import type { S3Connection } from '../s3/connection.js';
import { describeObject, writeConditions } from '../s3/descriptions.js';
import { quotedEtag } from '../s3/etags.js';
import type { ObjectStore } from '../s3/store.js';
import type { UploadOutcome } from './upload.js';
import { toFailure } from '../s3/failures.js';
import { toHead } from '../s3/heads.js';
import { loadSdk, sdkSettings } from '../s3/sdk.js';
import { sharedSignal } from '../s3/shared-signal.js';
import { inFlight, type Tally } from './tally.js';
import type { Received } from './download.js';
import { pinnedFailure } from './pinned.js';
import { onLocalFile } from './local-files.js';
import { downloadInto, newContext, uploadSummary, type TransporterParts } from './optimized.js';
import type { PartSink } from './sinks.js';
import type { DownloadOptions, TransferSource, Transporter, UploadOptions } from './transporter.js';

/**
 * The AWS SDK as its users have it: `Upload` of lib-storage with its defaults (5 MiB parts, 4 at a time, 3 tries), and
 * one GetObject, because the SDK has no parallel download.
 */
export function sdkTransporter(parts: TransporterParts, connection: S3Connection): Transporter {
  const counting = new AsyncLocalStorage<Tally>();
  let client: Promise<S3> | undefined;
  const getClient = (): Promise<S3> => (client ??= countingClient(connection, counting));
  return {
    name: 'sdk',
    async upload(key, source, options = {}) {
      const context = newContext(parts);
      context.tally.parts = 0;
      const s3 = await getClient();
      const outcome = await counting.run(context.tally, () =>
        uploadBySdk(s3, parts.store.bucket, key, source, options),
      );
      context.tally.parts = Math.max(1, context.tally.parts);
      return uploadSummary(context, await withEtag(parts.store, key, outcome, options));
    },
    async download(key, target, options = {}) {
      const s3 = await getClient();
      return downloadInto(newContext(parts), target, options, ({ tally }, sink) =>
        inFlight(tally, () =>
          counting.run(tally, () => downloadBySdk(s3, parts.store.bucket, key, sink, options)),
        ),
      );
    },
  };
}

/** A client with the SDK's own retries, which counts requests where they leave. */
async function countingClient(connection: S3Connection, counting: AsyncLocalStorage<Tally>): Promise<S3> {
  const sdk = await loadSdk();
  const client = new sdk.S3(sdkSettings(connection));
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const tally = counting.getStore();
      if (tally === undefined) return next(args);
      tally.requests += 1;
      if (attemptOf(args.request) > 1) tally.retries += 1;
      else if (context['commandName'] === 'UploadPartCommand') tally.parts += 1;
      const isBody = /^(UploadPart|PutObject)Command$/.test(String(context['commandName']));
      return isBody ? inFlight(tally, () => next(args)) : next(args);
    },
    // Low priority of this step lies inside the retries.
    { step: 'finalizeRequest', priority: 'low', name: 'countRequests' },
  );
  return client;
}

/** `amz-sdk-request: attempt=2; max=3` */
function attemptOf(request: unknown): number {
  if (typeof request !== 'object' || request === null || !('headers' in request)) return 1;
  const headers = request.headers as Record<string, string | undefined>; // as every HTTP request of the SDK
  return Number(/attempt=(\d+)/.exec(headers['amz-sdk-request'] ?? '')?.[1] ?? 1);
}

/**
 * Ceph RGW 16.2 completes an upload without telling its ETag: a HEAD asks for it, as the store of the other ways does.
 * Neither counts it, for no way to move bytes asks for it by itself.
 */
async function withEtag(
  store: ObjectStore,
  key: string,
  outcome: UploadOutcome,
  { signal }: UploadOptions,
): Promise<UploadOutcome> {
  if (outcome.etag !== '') return outcome;
  const { etag } = await store.head(key, signal === undefined ? {} : { signal });
  return { ...outcome, etag };
}

async function uploadBySdk(
  client: S3,
  bucket: string,
  key: string,
  source: TransferSource,
  options: UploadOptions,
) {
  const { Upload: SdkUpload } = await import('@aws-sdk/lib-storage');
  const { signal } = options;
  signal?.throwIfAborted();
  const { body, sizeBytes: known } = await bodyOf(source);
  const params: PutObjectCommandInput = {
    Bucket: bucket,
    Key: key,
    Body: body,
    ...describeObject(options),
    ...writeConditions(options),
  };
  const upload = new SdkUpload({ client, params });
  let sentBytes = 0;
  upload.on('httpUploadProgress', ({ loaded }) => {
    sentBytes = loaded ?? sentBytes;
    options.onProgress?.(sentBytes);
  });
  const stop = (): void => void upload.abort();
  sharedSignal(signal)?.addEventListener('abort', stop, { once: true });
  try {
    const { ETag: etag = '', VersionId: versionId } = await finish(upload);
    return {
      etag: quotedEtag(etag),
      sizeBytes: known ?? sentBytes,
      verification: NOT_COMPARED,
      ...(versionId === undefined ? {} : { versionId }),
    };
  } catch (reason) {
    throw toFailure(reason, { operation: 'Upload', bucket, key });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function finish(
  upload: Upload,
): Promise<{ ETag?: string | undefined; VersionId?: string | undefined }> {
  const result = await upload.done();
  return 'ETag' in result ? result : {};
}

async function bodyOf(source: TransferSource) {
  if (source.kind === 'bytes') return { body: source.bytes, sizeBytes: source.bytes.byteLength };
  if (source.kind === 'stream') return { body: source.stream, sizeBytes: source.sizeBytes };
  const facts = await onLocalFile(source.path, () => stat(source.path));
  if (facts.isDirectory()) throw new Failure('is-directory', `${source.path} is a directory`);
  return { body: createReadStream(source.path), sizeBytes: facts.size };
}

const NOT_COMPARED = { verified: false, reason: 'the SDK was not asked to' } as const;

async function downloadBySdk(
  client: S3,
  bucket: string,
  key: string,
  sink: PartSink,
  { ifMatch, signal, onProgress }: DownloadOptions,
): Promise<Received> {
  const subject = { operation: 'GetObject', bucket, key };
  try {
    const reply = await client.getObject(
      { Bucket: bucket, Key: key, ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }) },
      signal === undefined ? {} : { abortSignal: sharedSignal(signal) },
    );
    const { etag, sizeBytes } = toHead(key, reply);
    // As in the store: Node's HTTP client hands over a Readable.
    const body = withFailures(reply.Body as Parameters<typeof withFailures>[0], subject);
    let doneBytes = 0;
    await sink.append(0, sizeBytes, body, (bytes) => {
      doneBytes += bytes;
      onProgress?.(doneBytes);
    });
    return { etag, sizeBytes, verification: NOT_COMPARED };
  } catch (reason) {
    throw pinnedFailure(toFailure(reason, subject), key, ifMatch);
  }
}
