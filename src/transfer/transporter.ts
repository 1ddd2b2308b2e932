import type { Readable, Writable } from 'node:stream';
import type { Cancellable, ObjectDescription, WriteConditions, WriteResult } from '../s3/store.js';

/** Where an upload's bytes come from. A stream can be read once, so its fallback is limited to what was kept. */
export type TransferSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly stream: Readable; readonly sizeBytes?: number };

/** Where a download's bytes go. A file is written at positions, a stream in order. */
export type TransferSink =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'stream'; readonly stream: Writable };

export interface UploadOptions extends ObjectDescription, WriteConditions, Cancellable {
  /** Called with the count of bytes that the server has acknowledged so far. */
  readonly onProgress?: (doneBytes: number) => void;
}

export interface DownloadOptions extends Cancellable {
  /** Fail with `changed-under-us` unless the object has this ETag. */
  readonly ifMatch?: string;
  readonly onProgress?: (doneBytes: number) => void;
}

/** What a transfer did, for reports: every number was counted, none is assumed. */
export interface TransferSummary {
  readonly sizeBytes: number;
  readonly elapsedMs: number;
  readonly parts: number;
  readonly requests: number;
  readonly retries: number;
  /** Most parts that were in flight at one time. */
  readonly peakInFlight: number;
  /** Present when the optimized way failed and the plain client did the work. */
  readonly fallback?: { readonly reason: string };
}

export interface UploadSummary extends TransferSummary, WriteResult {}

export interface DownloadSummary extends TransferSummary {
  readonly etag: string;
}

/** A way to move one object: the optimized one and each baseline have this shape. */
export interface Transporter {
  /** `plain`, `sdk`, `optimized`: the arm's name in reports. */
  readonly name: string;
  upload(key: string, source: TransferSource, options?: UploadOptions): Promise<UploadSummary>;
  download(key: string, sink: TransferSink, options?: DownloadOptions): Promise<DownloadSummary>;
}
