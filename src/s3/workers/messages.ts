import { Failure, type FailureFacts, type FailureKind } from '../../errors/failure.js';
import type { S3Connection, S3Credentials } from '../connection.js';
import type { HttpLimits } from '../sdk.js';
import type { BodyOptions, GetOptions, ObjectRead, PutOptions, UploadedPart, WriteResult } from '../store.js';

/** What a thread is started with; credentials come with each request, because they may change. */
export interface ThreadPlan {
  readonly connection: Omit<S3Connection, 'credentials'>;
  readonly bucket: string;
  readonly limits: HttpLimits;
}

/** A body in shared memory, from its first byte. */
export interface SharedBody {
  readonly buffer: SharedArrayBuffer;
  readonly sizeBytes: number;
}

/** A request whose body a thread moves; options without their signal, which crosses as `cancel`. */
export type ThreadRequest =
  | {
      readonly kind: 'part';
      readonly key: string;
      readonly uploadId: string;
      readonly partNumber: number;
      readonly body: SharedBody;
      readonly options: Omit<BodyOptions, 'signal'>;
    }
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly body: SharedBody;
      readonly options: Omit<PutOptions, 'signal'>;
    }
  | { readonly kind: 'get'; readonly key: string; readonly options: Omit<GetOptions, 'signal'> };

export type ToThread =
  | {
      readonly type: 'begin';
      readonly id: number;
      readonly request: ThreadRequest;
      readonly credentials: S3Credentials;
    }
  /** The reader wants the bytes of a body up to this one. */
  | { readonly type: 'want'; readonly id: number; readonly endBytes: number }
  | { readonly type: 'cancel'; readonly id: number };

/** `done` and `failed` end a request, and are sent when nothing of it goes on. */
export type FromThread =
  | { readonly type: 'head'; readonly id: number; readonly read: Omit<ObjectRead, 'body'> }
  /** The next bytes of a body; their memory comes with them. */
  | { readonly type: 'piece'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'done'; readonly id: number; readonly result?: UploadedPart | WriteResult }
  | { readonly type: 'failed'; readonly id: number; readonly failure: FailureData };

/** Bytes of a body that cross before anybody asks for more. */
export const READ_AHEAD_BYTES = 2 ** 20;

/** A failure as plain data: the clone of an error keeps neither its class nor its fields. */
export interface FailureData {
  readonly kind: FailureKind;
  readonly message: string;
  readonly facts: Omit<FailureFacts, 'cause'>;
  readonly cause: Readonly<Record<string, unknown>>;
}

/** Of a cause, what others read: the reply's head, and the size behind a refused range. */
const CAUSE_FIELDS = ['name', 'message', 'code', '$metadata', '$response', 'ActualObjectSize'] as const;

export function toData(failure: Failure): FailureData {
  const { kind, message, subject, remedy, status, code, retryAfterMs } = failure;
  const cause = Object(failure.cause) as Record<string, unknown>; // any value can be read by name
  return {
    kind,
    message,
    facts: {
      ...(subject === undefined ? {} : { subject }),
      ...(remedy === undefined ? {} : { remedy }),
      ...(status === undefined ? {} : { status }),
      ...(code === undefined ? {} : { code }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
    cause: Object.fromEntries(
      CAUSE_FIELDS.filter((name) => cause[name] !== undefined).map((name) => [name, cause[name]]),
    ),
  };
}

export function fromData({ kind, message, facts, cause }: FailureData): Failure {
  return new Failure(kind, message, { ...facts, cause: Object.assign(new Error(message), cause) });
}
