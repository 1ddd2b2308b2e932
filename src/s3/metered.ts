import type { Readable } from 'node:stream';
import type { RequestCount } from '../report/model.js';
import type { ObjectBody, ObjectStore } from './store.js';

/** A store that counts, and the counts so far, by S3 operation name in order of first use. */
export interface MeteredStore {
  readonly store: ObjectStore;
  counts(): RequestCount[];
}

/** Methods of a store that send requests. */
export type StoreMethod = Exclude<keyof ObjectStore, 'bucket' | 'close' | 'warm' | 'takesStreams'>;

/** The S3 operation behind each method (S3 API reference). */
export const OPERATION_OF: Readonly<Record<StoreMethod, string>> = {
  head: 'HeadObject',
  get: 'GetObject',
  tags: 'GetObjectTagging',
  put: 'PutObject',
  delete: 'DeleteObject',
  deleteMany: 'DeleteObjects',
  copy: 'CopyObject',
  list: 'ListObjectsV2',
  createUpload: 'CreateMultipartUpload',
  uploadPart: 'UploadPart',
  copyPart: 'UploadPartCopy',
  completeUpload: 'CompleteMultipartUpload',
  abortUpload: 'AbortMultipartUpload',
  listUploads: 'ListMultipartUploads',
};

/**
 * Counts requests, errors and payload bytes of a store. Put it directly around `createStore`, where one call is one
 * request (`listUploads` of more than 1,000 uploads excepted). Bytes are those of object bodies, counted as they flow.
 */
export function meterStore(store: ObjectStore): MeteredStore {
  const counts = new Map<string, RequestCount>();
  const metered = wrapStore(store, (method, run) => {
    const entry = entryOf(counts, OPERATION_OF[method]);
    entry.count += 1;
    return run().catch((reason: unknown) => {
      entry.errors += 1;
      throw reason;
    });
  });
  return {
    counts: () => [...counts.values()].map((entry) => ({ ...entry })),
    store: {
      ...metered,
      async get(key, options) {
        const read = await metered.get(key, options);
        const entry = entryOf(counts, 'GetObject');
        countFlow(read.body, (bytes) => (entry.bytesReceived += bytes));
        return read;
      },
      put(key, body, options) {
        countBody(body, entryOf(counts, 'PutObject'));
        return metered.put(key, body, options);
      },
      uploadPart(key, uploadId, partNumber, body, options) {
        countBody(body, entryOf(counts, 'UploadPart'));
        return metered.uploadPart(key, uploadId, partNumber, body, options);
      },
    },
  };
}

/** The same store with `around` called around every request; `signal` is the one that the caller gave. */
export function wrapStore(
  store: ObjectStore,
  around: <T>(method: StoreMethod, run: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>,
): ObjectStore {
  return {
    bucket: store.bucket,
    head: (...args) => around('head', () => store.head(...args), signalOf(args)),
    get: (...args) => around('get', () => store.get(...args), signalOf(args)),
    tags: (...args) => around('tags', () => store.tags(...args), signalOf(args)),
    put: (...args) => around('put', () => store.put(...args), signalOf(args)),
    delete: (...args) => around('delete', () => store.delete(...args), signalOf(args)),
    deleteMany: (...args) => around('deleteMany', () => store.deleteMany(...args), signalOf(args)),
    copy: (...args) => around('copy', () => store.copy(...args), signalOf(args)),
    list: (...args) => around('list', () => store.list(...args), signalOf(args)),
    createUpload: (...args) => around('createUpload', () => store.createUpload(...args), signalOf(args)),
    uploadPart: (...args) => around('uploadPart', () => store.uploadPart(...args), signalOf(args)),
    copyPart: (...args) => around('copyPart', () => store.copyPart(...args), signalOf(args)),
    completeUpload: (...args) =>
      around('completeUpload', () => store.completeUpload(...args), signalOf(args)),
    abortUpload: (...args) => around('abortUpload', () => store.abortUpload(...args), signalOf(args)),
    listUploads: (...args) => around('listUploads', () => store.listUploads(...args), signalOf(args)),
    ...(store.warm === undefined ? {} : { warm: (connections) => store.warm?.(connections) }),
    takesStreams: () => store.takesStreams?.() ?? false,
    close: () => {
      store.close();
    },
  };
}

/** Options come last in every method, and all of them are {@link Cancellable}. */
function signalOf(args: readonly unknown[]): AbortSignal | undefined {
  const options = args.at(-1);
  if (typeof options !== 'object' || options === null || !('signal' in options)) return undefined;
  return options.signal instanceof AbortSignal ? options.signal : undefined;
}

function entryOf(counts: Map<string, RequestCount>, operation: string): RequestCount {
  const known = counts.get(operation);
  if (known !== undefined) return known;
  const fresh = { operation, count: 0, errors: 0, bytesSent: 0, bytesReceived: 0 };
  counts.set(operation, fresh);
  return fresh;
}

function countBody(body: ObjectBody, entry: RequestCount): void {
  if (body instanceof Uint8Array) entry.bytesSent += body.byteLength;
  else countFlow(body, (bytes) => (entry.bytesSent += bytes));
}

/** Looks at chunks as the reader takes them; a `data` listener would start the flow too early. */
function countFlow(body: Readable, add: (bytes: number) => void): void {
  if (!body.readableObjectMode) add(body.readableLength);
  const push = body.push.bind(body);
  body.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk instanceof Uint8Array) add(chunk.byteLength);
    return push(chunk, encoding);
  };
}
