import { createHash } from 'node:crypto';
import { Failure } from '../../errors/failure.js';
import { silentLog, type Log } from '../../log/log.js';
import { failer } from '../caller.js';
import type { S3Connection } from '../connection.js';
import { credentialProvider } from '../credentials.js';
import { toFailure, type RequestSubject } from '../failures.js';
import { CRC32_HEADER, PayloadGuard } from '../payload.js';
import type { HttpLimits } from '../sdk.js';
import { AddressBook } from '../sockets/addresses.js';
import { congestionHook } from '../sockets/congestion.js';
import { sharedSignal } from '../shared-signal.js';
import type { ObjectBody } from '../store.js';
import { addressOf, encodePath, encodeQuery, type BucketAddress } from './address.js';
import { replyError } from './error-reply.js';
import { exchange, type WireReply } from './http/exchange.js';
import { ConnectionPool } from './http/pool.js';
import { Signer, signingTime } from './sign.js';

/** One request on a bucket or on an object of it. */
export interface LeanRequest {
  /** Of the S3 API reference; for messages. */
  readonly operation: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly key?: string;
  /** A value of `undefined` stands for a name alone. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: ObjectBody;
  /** Length of the body. @defaultValue that of its bytes, else 0 */
  readonly bodyBytes?: number;
  /** The body is an object or a part, and is protected as such; else it is signed. */
  readonly isObject?: boolean;
  /** Of an object's body; as in `BodyOptions`. */
  readonly crc32?: string | undefined;
  /** Of the reply's body: as in `GetOptions`. */
  readonly pieceBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests on one bucket; whatever goes wrong arrives as a `Failure`. */
export interface LeanCaller {
  /** Answers with a reply of status 2xx; its body is to be read or destroyed. */
  send(request: LeanRequest): Promise<WireReply>;
  /** As {@link LeanCaller.send}; reads the body through `read`, whose errors become failures too. */
  ask<T>(request: LeanRequest, read: (reply: WireReply, text: string) => T): Promise<T>;
  /** As {@link LeanCaller.ask} with a document as body, which goes with a Content-MD5 as older servers want it. */
  askWithXml<T>(request: LeanRequest, xml: string, read: (text: string, reply: WireReply) => T): Promise<T>;
  about(request: Pick<LeanRequest, 'operation' | 'key'>): RequestSubject;
  warm(connections: number): void;
  takesStreams(): boolean;
  close(): void;
}

const EMPTY_SHA256 = createHash('sha256').digest('hex');
/** As for the SDK client: bodies under this size fit into socket buffers. */
const ASK_FIRST_BYTES = 2 ** 20;

/** Makes a caller; nothing is connected before the first request. */
export function createLeanCaller(
  connection: S3Connection,
  bucket: string,
  limits: HttpLimits = {},
  log: Log = silentLog,
): LeanCaller {
  const wire = new Wire(connection, bucket, limits, log);
  const fail = failer(log);
  const { endpoint, region } = connection;
  const where = { region, bucket, ...(endpoint === undefined ? {} : { endpoint }) };
  const about: LeanCaller['about'] = ({ operation, key }) =>
    key === undefined ? { operation, ...where } : { operation, ...where, key };
  const ask: LeanCaller['ask'] = async (request, read) => {
    try {
      const reply = await wire.send(request);
      return read(reply, await reply.text());
    } catch (reason) {
      return fail(about(request))(reason);
    }
  };
  return {
    about,
    ask,
    send: (request) => wire.send(request).catch((reason: unknown) => fail(about(request))(reason)),
    askWithXml(request, xml, read) {
      const body = Buffer.from(xml);
      const headers = {
        ...request.headers,
        'content-type': 'application/xml',
        'content-md5': createHash('md5').update(body).digest('base64'),
      };
      return ask({ ...request, headers, body }, (reply, text) => read(text, reply));
    },
    warm: wire.warm.bind(wire),
    takesStreams: wire.takesStreams.bind(wire),
    close: wire.close.bind(wire),
  };
}

/** Addresses, signs and sends. */
class Wire {
  readonly #address: BucketAddress;
  readonly #pool: ConnectionPool;
  readonly #signer: Signer;
  readonly #credentials: ReturnType<typeof credentialProvider>;
  readonly #guard: PayloadGuard;
  #isClosed = false;

  constructor(connection: S3Connection, bucket: string, limits: HttpLimits, log: Log) {
    const {
      connectTimeoutMs = 5_000,
      idleTimeoutMs = 30_000,
      maxSockets = 256,
      authorities,
      resolveAddresses,
      meter,
    } = limits;
    this.#address = addressOf(connection, bucket);
    const trust = authorities === undefined ? {} : { authorities };
    const onSocket = congestionHook(connection.tcpCongestion, log);
    const bounds = {
      ...{ connectTimeoutMs, idleTimeoutMs, ...trust },
      addresses: new AddressBook(resolveAddresses),
      ...(onSocket === undefined ? {} : { onSocket }),
      ...(meter === undefined ? {} : { meter }),
    };
    this.#pool = new ConnectionPool(this.#address.origin, bounds, maxSockets);
    this.#signer = new Signer(connection.region);
    this.#credentials = credentialProvider(connection);
    this.#guard = new PayloadGuard(connection.endpoint);
  }

  async send(request: LeanRequest): Promise<WireReply> {
    const { signal, body, isObject } = request;
    if (this.#isClosed) throw new Failure('not-connected', `${request.operation}: the store is closed`);
    signal?.throwIfAborted();
    const source = watched(body);
    try {
      const bodyBytes = request.bodyBytes ?? (body instanceof Uint8Array ? body.byteLength : 0);
      const { head, expectsContinue } = await this.#head(request, bodyBytes);
      const { method, pieceBytes } = request;
      const wire = {
        ...{ method, head, bodyBytes, expectsContinue },
        ...(body === undefined ? {} : { body }),
        ...(pieceBytes === undefined ? {} : { pieceBytes }),
      };
      const reply = await exchange(this.#pool, wire, sharedSignal(signal));
      if (reply.status < 200 || reply.status > 299) {
        throw replyError(reply.status, reply.headers, await reply.text());
      }
      const isGuarded = body instanceof Uint8Array || request.crc32 !== undefined;
      if (isObject === true && isGuarded) this.#guard.noteReply(reply.headers[CRC32_HEADER]);
      return reply;
    } catch (reason) {
      throw source.failed(reason);
    }
  }

  warm(connections: number): void {
    this.#pool.warm(connections);
  }

  takesStreams(): boolean {
    return !this.#guard.isSigned;
  }

  close(): void {
    this.#isClosed = true;
    this.#pool.close();
  }

  async #head(request: LeanRequest, bodyBytes: number): Promise<{ head: string; expectsContinue: boolean }> {
    const { method, key, query = {} } = request;
    const credentials = await this.#credentials();
    const time = signingTime(Date.now());
    const path =
      key === undefined ? this.#address.pathPrefix || '/' : `${this.#address.pathPrefix}/${encodePath(key)}`;
    const canonicalQuery = encodeQuery(query);
    const headers: Record<string, string> = {
      host: this.#address.host,
      ...request.headers,
      'x-amz-date': time.timestamp,
      ...payloadHeaders(request, this.#guard),
    };
    if (method === 'PUT' || method === 'POST') headers['content-length'] = String(bodyBytes);
    if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
    const expectsContinue = isConditional(headers) && bodyBytes >= ASK_FIRST_BYTES;
    if (expectsContinue) headers['expect'] = '100-continue';
    const parts = { method, path, query: canonicalQuery, headers };
    headers['authorization'] = this.#signer.authorization(parts, credentials, time);
    const target = canonicalQuery === '' ? path : `${path}?${canonicalQuery.replaceAll(/=(?=&|$)/g, '')}`;
    return { head: writeHead(method, target, headers), expectsContinue };
  }
}

function payloadHeaders(
  { body, isObject, crc32 }: LeanRequest,
  guard: PayloadGuard,
): Readonly<Record<string, string>> {
  if (body === undefined) return { 'x-amz-content-sha256': EMPTY_SHA256 };
  if (!(body instanceof Uint8Array)) return guard.headersFor(body, crc32);
  const guarded = isObject === true ? guard.headersFor(body, crc32) : {};
  if (guarded['x-amz-content-sha256'] !== undefined) return guarded;
  return { 'x-amz-content-sha256': createHash('sha256').update(body).digest('hex') };
}

function isConditional(headers: Readonly<Record<string, string>>): boolean {
  return headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
}

/** @throws Failure `invalid-argument` where a field would end the line. */
function writeHead(method: string, target: string, headers: Readonly<Record<string, string>>): string {
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!/^[!#$%&'*+.^`|~\w-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new Failure('invalid-argument', `The field ${JSON.stringify(name)} can not go into a request`, {
        subject: name,
      });
    }
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

/** A source that breaks is the cause, whatever the connection says after it. */
function watched(body: ObjectBody | undefined): { failed(reason: unknown): unknown } {
  if (body === undefined || body instanceof Uint8Array) return { failed: (reason) => reason };
  let cause: { readonly reason: unknown } | undefined;
  body.on('error', (reason) => (cause ??= { reason }));
  return {
    failed(reason) {
      const found = cause === undefined ? reason : Failure.from(cause.reason);
      body.destroy();
      return found;
    },
  };
}

/** For bodies that fail after their head. */
export function bodyFailure(subject: RequestSubject): (reason: unknown) => Failure {
  return (reason) => toFailure(reason, subject);
}
