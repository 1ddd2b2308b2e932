import type { Readable } from 'node:stream';
import type { RequestBody } from '../auth/request-body.js';
import type { RequestHead } from '../protocol/request-head.js';
import type { Storage } from '../storage/storage.js';

/** The owner that this server names in listings; there is one account. */
export const OWNER = {
  id: '75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a',
  displayName: 'objectfs',
} as const;

/** A verified request, addressed to a bucket and a key. */
export interface S3Request {
  readonly head: RequestHead;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly body: RequestBody;
  readonly storage: Storage;
  readonly region: string;
  readonly nowMs: () => number;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** What an operation answers; the server adds the headers that every reply has. */
export interface Reply {
  readonly status: number;
  /** Absent values are left out. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** XML text, or a stream whose length is in `content-length`. */
  readonly body?: string | Readable;
}

export interface Operation {
  /** S3's name: `GetObject`. */
  readonly name: string;
  run(request: S3Request): Promise<Reply>;
}

/** A reply with an XML document. */
export function xmlReply(body: string, headers: Readonly<Record<string, string | undefined>> = {}): Reply {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body };
}

/** A reply without a body. */
export function emptyReply(
  status: 200 | 204,
  headers: Readonly<Record<string, string | undefined>> = {},
): Reply {
  return { status, headers };
}
