import type { Readable, Writable } from 'node:stream';
import type { ExpectedChecksum } from './integrity/verification.js';
import type { DownloadJournal } from './journal/download-journal.js';
import type { UploadJournal } from './journal/upload-journal.js';
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
  /**
   * Remembers the parts of a multipart upload: those that it holds are not sent again, and what is not finished stays
   * on the server. Absent: an upload that fails is aborted.
   */
  readonly journal?: UploadJournal;
}

export interface DownloadOptions extends Cancellable {
  /** Fail with `changed-under-us` unless the object has this ETag. */
  readonly ifMatch?: string;
  readonly onProgress?: (doneBytes: number) => void;
  /** What the store keeps of the whole object: compared before a file gets its name. */
  readonly checksum?: ExpectedChecksum;
  /** Remembers the ranges of a file: what it holds is not asked for again. Needs `ifMatch` and `sizeBytes`. */
  readonly journal?: DownloadJournal;
  /** Length of the version that `ifMatch` names. */
  readonly sizeBytes?: number;
}

/** How a whole object was compared with what the store keeps, or why it was not. */
export type Verification =
  { readonly verified: true; readonly by: string } | { readonly verified: false; readonly reason: string };

/** What a transfer did, for reports: every number was counted, none is assumed. */
export interface TransferSummary {
  readonly sizeBytes: number;
  readonly elapsedMs: number;
  readonly parts: number;
  readonly requests: number;
  readonly retries: number;
  /** Ranges that were asked for a second time because they were slow (`transfer.hedge`). */
  readonly hedged: number;
  /** Those whose second request ended first. */
  readonly hedgeWins: number;
  /** Those whose second request was given up, mostly because the first ended before. */
  readonly hedgesCancelled: number;
  /** Most parts that were in flight at one time. */
  readonly peakInFlight: number;
  /** Bytes that an earlier run had moved. */
  readonly resumedBytes: number;
  readonly verification: Verification;
  /** Present when the optimized way failed and the plain client did the work. */
  readonly fallback?: { readonly reason: string };
}

export interface UploadSummary extends TransferSummary, WriteResult {}

export interface DownloadSummary extends TransferSummary {
  /** Absent: the object is empty, and the server told no more than that (see `sizeBehindBadRange`). */
  readonly etag?: string;
}

/** A way to move one object: the optimized one and each baseline have this shape. */
export interface Transporter {
  /** `plain`, `sdk`, `optimized`: the arm's name in reports. */
  readonly name: string;
  upload(key: string, source: TransferSource, options?: UploadOptions): Promise<UploadSummary>;
  download(key: string, sink: TransferSink, options?: DownloadOptions): Promise<DownloadSummary>;
}
