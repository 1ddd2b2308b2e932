import type { Readable } from 'node:stream';
import type { S3 } from '@aws-sdk/client-s3';
import { Failure } from '../errors/failure.js';
import { silentLog, type Log } from '../log/log.js';
import type { S3Connection } from './connection.js';
import { toFailure, type RequestSubject } from './failures.js';
import { createSdkClient, type HttpLimits } from './sdk.js';
import { sharedSignal } from './shared-signal.js';
import type { ObjectBody } from './store.js';

/** The options that the SDK takes beside the input of a call. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

/** One SDK client, made at the first call, and the one place where its errors become failures. */
export interface S3Caller {
  /** Runs one SDK call; whatever it throws arrives as a `Failure` about `subject`. */
  call<T>(
    subject: RequestSubject,
    signal: AbortSignal | undefined,
    send: (client: S3, options: SendOptions) => Promise<T>,
  ): Promise<T>;
  /** As {@link S3Caller.call}, with a body: a stream that fails ends the request with the stream's own failure. */
  callWithBody<T>(
    subject: RequestSubject,
    signal: AbortSignal | undefined,
    body: ObjectBody,
    send: (client: S3, options: SendOptions) => Promise<T>,
  ): Promise<T>;
  /** The subject of a request with the endpoint filled in. */
  about(operation: string, bucket?: string, key?: string): RequestSubject;
  close(): void;
}

/** Makes a caller; nothing is loaded or connected before the first call. */
export function createCaller(
  connection: S3Connection,
  limits: HttpLimits = {},
  log: Log = silentLog,
): S3Caller {
  let client: Promise<S3> | undefined;
  let isClosed = false;
  const where = connection.endpoint === undefined ? {} : { endpoint: connection.endpoint };

  const call: S3Caller['call'] = async (subject, signal, send) => {
    if (isClosed) throw new Failure('not-connected', `${subject.operation}: the store is closed`);
    signal?.throwIfAborted();
    client ??= createSdkClient(connection, limits, log);
    return send(await client, signal === undefined ? {} : { abortSignal: sharedSignal(signal) });
  };
  const fail = failer(log);

  return {
    call: (subject, signal, send) => call(subject, signal, send).catch(fail(subject)),
    callWithBody: (subject, signal, body, send) =>
      guardBody(body, signal, (guarded) => call(subject, guarded, send)).catch(fail(subject)),
    about: (operation, bucket, key) => ({
      operation,
      region: connection.region,
      ...where,
      ...(bucket === undefined ? {} : { bucket }),
      ...(key === undefined ? {} : { key }),
    }),
    close() {
      isClosed = true;
      // A client that never came to be has nothing to close, and its failure was told to its caller.
      client
        ?.then((made) => {
          made.destroy();
        })
        .catch(() => undefined);
    },
  };
}

/** Whatever was thrown goes on as a failure about the subject, and leaves a line in the log. */
export function failer(log: Log): (subject: RequestSubject) => (reason: unknown) => never {
  return (subject) => (reason) => {
    const failure = toFailure(reason, subject);
    log.debug(
      { ...subject, kind: failure.kind, code: failure.code, status: failure.status },
      failure.message,
    );
    throw failure;
  };
}

/**
 * Node pipes a body into the request and does not look at its errors: without this a source that fails would leave
 * the request waiting for bytes until the idle timeout.
 */
async function guardBody<T>(
  body: ObjectBody,
  signal: AbortSignal | undefined,
  send: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (body instanceof Uint8Array) return send(signal);
  const broken = new AbortController();
  let cause: { readonly reason: unknown } | undefined;
  const onError = (reason: unknown): void => {
    cause = { reason };
    broken.abort();
  };
  body.on('error', onError);
  try {
    return await send(signal === undefined ? broken.signal : AbortSignal.any([signal, broken.signal]));
  } catch (reason) {
    body.destroy();
    if (cause !== undefined) throw Failure.from(cause.reason);
    throw reason;
  }
}

/**
 * Turns the errors of a reply's body into failures, without a stream in between: Node ends a body through `destroy`.
 */
export function withFailures(body: Readable, subject: RequestSubject): Readable {
  const destroy = body.destroy.bind(body);
  body.destroy = (error) => destroy(error ? toFailure(error, subject) : error);
  return body;
}
