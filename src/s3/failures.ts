import { Failure, type FailureKind } from '../errors/failure.js';
import { remedyFor } from './remedies.js';

/** What was asked, for messages: `GetObject s3://bucket/key`. */
export interface RequestSubject {
  readonly operation: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly endpoint?: string;
  readonly region?: string;
}

/** S3 error codes (S3 API reference, "List of error codes", and what Ceph RGW and MinIO add) to kinds. */
const KIND_FOR_CODE: Readonly<Record<string, FailureKind>> = {
  NoSuchKey: 'missing',
  NotFound: 'missing',
  NoSuchVersion: 'missing',
  NoSuchBucket: 'missing-bucket',
  NoSuchUpload: 'missing-upload',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  AccountProblem: 'denied',
  Forbidden: 'denied',
  UserSuspended: 'denied',
  InvalidAccessKeyId: 'bad-signature',
  SignatureDoesNotMatch: 'bad-signature',
  AuthorizationHeaderMalformed: 'bad-signature',
  ExpiredToken: 'no-credentials',
  InvalidToken: 'no-credentials',
  TokenRefreshRequired: 'no-credentials',
  CredentialsProviderError: 'no-credentials',
  RequestTimeTooSkewed: 'clock-skew',
  RequestExpired: 'clock-skew',
  InvalidObjectState: 'archived',
  PreconditionFailed: 'precondition-failed',
  NotModified: 'precondition-failed',
  ConditionalRequestConflict: 'precondition-failed',
  InvalidRange: 'bad-range',
  BadDigest: 'bad-checksum',
  InvalidDigest: 'bad-checksum',
  XAmzContentSHA256Mismatch: 'bad-checksum',
  XAmzContentChecksumMismatch: 'bad-checksum',
  IncompleteBody: 'short-body',
  SlowDown: 'throttled',
  SlowDownRead: 'throttled',
  SlowDownWrite: 'throttled',
  ServiceUnavailable: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  TooManyRequests: 'throttled',
  RequestLimitExceeded: 'throttled',
  Busy: 'throttled',
  RequestTimeout: 'timeout',
  InternalError: 'server-error',
  OperationAborted: 'server-error',
  BucketAlreadyExists: 'bucket-exists',
  BucketAlreadyOwnedByYou: 'bucket-exists',
  BucketNotEmpty: 'bucket-not-empty',
  NotImplemented: 'unsupported',
  MethodNotAllowed: 'unsupported',
  KeyTooLongError: 'name-too-long',
  EntityTooLarge: 'file-too-big',
};

/** HTTP statuses, where the body gave no code that we know (HEAD has no body). */
const KIND_FOR_STATUS: Readonly<Record<number, FailureKind>> = {
  301: 'invalid-request',
  304: 'precondition-failed',
  307: 'invalid-request',
  401: 'denied',
  403: 'denied',
  404: 'missing',
  405: 'unsupported',
  408: 'timeout',
  409: 'server-error',
  412: 'precondition-failed',
  416: 'bad-range',
  429: 'throttled',
  501: 'unsupported',
  503: 'throttled',
};

/** Codes of Node's core (errno(3) names, c-ares, HTTP parser, undici) to kinds. */
const KIND_FOR_SYSTEM: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ERR_STREAM_PREMATURE_CLOSE: 'reset',
  ETIMEDOUT: 'timeout',
};

/**
 * The failure for whatever the SDK or the network below it threw.
 *
 * @param subject - what was asked; goes into the message.
 */
export function toFailure(reason: unknown, subject: RequestSubject): Failure {
  if (reason instanceof Failure) return reason;
  const facts = factsOf(reason);
  if (facts.isAbort) return new Failure('cancelled', `${label(subject)} was cancelled`, { cause: reason });
  const kind = kindOf(facts, subject);
  const remedy = remedyFor(kind, facts, subject);
  return new Failure(kind, `${label(subject)} failed: ${describe(facts)}`, {
    cause: reason,
    subject: subject.key ?? subject.bucket ?? subject.endpoint ?? subject.operation,
    ...(remedy === undefined ? {} : { remedy }),
    ...(facts.status === undefined ? {} : { status: facts.status }),
    ...(facts.code === undefined ? {} : { code: facts.code }),
    ...(facts.retryAfterMs === undefined ? {} : { retryAfterMs: facts.retryAfterMs }),
  });
}

/** What can be read from an error of the SDK, of Node's core, or of neither. */
export interface ErrorFacts {
  readonly code: string | undefined;
  readonly message: string;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly isAbort: boolean;
  readonly isParseError: boolean;
  readonly isConnectTimeout: boolean;
}

function kindOf(facts: ErrorFacts, subject: RequestSubject): FailureKind {
  const { code, status } = facts;
  const bySystem = KIND_FOR_SYSTEM[code ?? ''];
  if (bySystem !== undefined && status === undefined) return bySystem;
  if (code?.startsWith('HPE_') === true || isTlsCode(code)) return 'unreachable';
  if (code === 'TimeoutError') return facts.isConnectTimeout ? 'unreachable' : 'timeout';
  const byCode = KIND_FOR_CODE[code ?? ''];
  if (byCode === 'missing' && subject.key === undefined) return 'missing-bucket';
  if (byCode !== undefined) return byCode;
  if (facts.isParseError && (status === undefined || status < 400)) return 'server-error';
  if (status === undefined) return 'internal';
  const byStatus = KIND_FOR_STATUS[status];
  if (byStatus === 'missing' && subject.key === undefined) return 'missing-bucket';
  return byStatus ?? (status >= 500 ? 'server-error' : 'invalid-request');
}

function isTlsCode(code: string | undefined): boolean {
  return code !== undefined && /^(ERR_(TLS|SSL)_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO$)/.test(code);
}

function factsOf(reason: unknown): ErrorFacts {
  const error = asRecord(reason);
  const metadata = asRecord(error['$metadata']);
  const headers = asRecord(asRecord(error['$response'])['headers']);
  const name = text(error['name']);
  const message = text(error['message']) ?? String(reason);
  const status = number(metadata['httpStatusCode']) ?? number(asRecord(error['$response'])['statusCode']);
  const isParseError = name === 'SyntaxError' || /Deserialization error/.test(message);
  return {
    code: codeOf(error, name, status),
    message,
    status,
    retryAfterMs: retryAfter(text(headers['retry-after']), text(headers['date'])),
    isAbort: name === 'AbortError',
    isParseError,
    isConnectTimeout: message.includes('did not establish a connection'),
  };
}

/** S3's code is the `name` of an SDK error; a core error has it in `code`, and an aggregate in its first cause. */
function codeOf(error: Record<string, unknown>, name: string | undefined, status: number | undefined) {
  const own = text(error['Code']) ?? text(error['code']);
  const nested: unknown = Array.isArray(error['errors']) ? error['errors'][0] : undefined;
  const generic = new Set([
    'Error',
    'TypeError',
    'SyntaxError',
    'AggregateError',
    'S3ServiceException',
    'Unknown',
  ]);
  if (name === 'TimeoutError' && status === undefined)
    return own === 'ECONNRESET' || own === 'EPIPE' ? own : name;
  if (own !== undefined) return own;
  if (nested !== undefined) return text(asRecord(nested)['code']);
  return name === undefined || generic.has(name) || name === 'UnknownError' ? undefined : name;
}

/** RFC 9110 section 10.2.3: seconds, or a date, which is read by the clock of the server that wrote it. */
function retryAfter(value: string | undefined, date: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  // All three forms of an HTTP-date begin with the name of a day; Date.parse alone would also take "1.5".
  const atMs = /^[A-Z][a-z]+/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(atMs)) return undefined;
  const toldMs = Date.parse(date ?? '');
  return Math.max(0, atMs - (Number.isNaN(toldMs) ? Date.now() : toldMs));
}

function describe(facts: ErrorFacts): string {
  if (facts.isParseError)
    return `the reply is not one of an S3 service (status ${facts.status ?? 'unknown'})`;
  const parts = [facts.message.trim().replace(/\.$/, '')];
  if (facts.message === '' || facts.message === 'UnknownError') parts[0] = 'no reason given';
  if (facts.code !== undefined && !facts.message.includes(facts.code)) parts.push(`(${facts.code})`);
  else if (facts.code === undefined && facts.status !== undefined) parts.push(`(status ${facts.status})`);
  return parts.join(' ');
}

function label(subject: RequestSubject): string {
  if (subject.bucket === undefined) return subject.operation;
  return `${subject.operation} s3://${subject.bucket}${subject.key === undefined ? '' : `/${subject.key}`}`;
}

function asRecord(value: unknown): Record<string, unknown> {
  // Any object can be read by name; what is found is checked before use.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}
