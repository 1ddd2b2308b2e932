import { createHash } from 'node:crypto';
import type { S3, S3ClientConfig } from '@aws-sdk/client-s3';
import type { NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { silentLog, type Log } from '../log/log.js';
import type { S3Connection } from './connection.js';
import { credentialProvider } from './credentials.js';
import { keepReplyDates } from './reply-dates.js';
import { CRC32_HEADER, PayloadGuard } from './payload.js';
import { ADDRESS_TIMEOUT_MS, AddressBook, type ResolveAddresses } from './sockets/addresses.js';
import { hookedAgents } from './sockets/agents.js';
import { congestionHook, type SocketHook } from './sockets/congestion.js';
import type { ConnectionMeter } from './sockets/meter.js';

/** Bounds of the HTTP client below the SDK. */
export interface HttpLimits {
  /**
   * Most sockets that are open at one time.
   * @defaultValue 256, the most that `transfer.connections` can ask for; idle sockets are kept for reuse.
   */
  readonly maxSockets?: number;
  /** @defaultValue 5000 ms: a TCP and TLS handshake across the world takes under 1 s. */
  readonly connectTimeoutMs?: number;
  /**
   * A connection without one byte in either direction for this long has failed.
   * @defaultValue 30,000 ms. There is no limit on the whole request, because a large part on a slow link is no failure.
   */
  readonly idleTimeoutMs?: number;
  /** Certificates (PEM) to trust in place of those of Node. @defaultValue Node's, and those of NODE_EXTRA_CA_CERTS */
  readonly authorities?: string;
  /** Addresses of the endpoint's name. @defaultValue the system's; worker threads always ask the system */
  readonly resolveAddresses?: ResolveAddresses;
  /** Counts its connections, but for those of worker threads. */
  readonly meter?: ConnectionMeter;
}

/** A function, because the SDK takes a quarter of a second to load and `--help` must not pay for it. */
export function loadSdk(): Promise<typeof import('@aws-sdk/client-s3')> {
  // The documented switch against the SDK's warning on Node 20, which is no business of our users.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  return import('@aws-sdk/client-s3');
}

/**
 * A client of the AWS SDK with this project's settings: one request per call (`maxAttempts` 1), because retries
 * belong to `withRetry` and to the transporter, which count them.
 */
export async function createSdkClient(
  connection: S3Connection,
  limits: HttpLimits = {},
  log: Log = silentLog,
): Promise<S3> {
  const sdk = await loadSdk();
  const client = new sdk.S3({
    ...sdkSettings(connection, limits, log),
    maxAttempts: 1,
    // The SDK's default gives every body over 2 MiB a new connection and a round trip more.
    expectContinueHeader: false,
  });
  replaceRetries(client);
  saveWork(client);
  addContentMd5(client);
  guardPayload(client, new PayloadGuard(connection.endpoint));
  askBeforeConditionalBody(client);
  keepReplyDates(client);
  return client;
}

/** The settings that every SDK client of this project shares; the `sdk` baseline adds nothing to them. */
export function sdkSettings(
  connection: S3Connection,
  limits: HttpLimits = {},
  log: Log = silentLog,
): S3ClientConfig {
  const requestHandler: NodeHttpHandlerOptions = {
    connectionTimeout: limits.connectTimeoutMs ?? 5_000,
    socketTimeout: limits.idleTimeoutMs ?? 30_000,
    ...agentsOf(connection, limits, log),
    // A queue on the pool is our own choice of `connections`, not news for the user.
    socketAcquisitionWarningTimeout: 2 ** 30,
  };
  return {
    region: connection.region,
    credentials: credentialProvider(connection),
    forcePathStyle: connection.forcePathStyle,
    requestHandler,
    // Servers other than AWS may not know the CRC headers (Ceph RGW 16.2 does not); see `PayloadGuard`.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(connection.endpoint === undefined ? {} : { endpoint: connection.endpoint }),
  };
}

function agentsOf(
  { tcpCongestion }: S3Connection,
  { maxSockets = 256, authorities, resolveAddresses, meter }: HttpLimits,
  log: Log,
): Pick<NodeHttpHandlerOptions, 'httpAgent' | 'httpsAgent'> {
  const book = new AddressBook(resolveAddresses);
  const httpAgent = {
    keepAlive: true,
    maxSockets,
    lookup: book.lookup,
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
  };
  const httpsAgent = authorities === undefined ? httpAgent : { ...httpAgent, ca: authorities };
  const setCongestion = congestionHook(tcpCongestion, log);
  const onSocket: SocketHook = (socket) => {
    book.watch(socket);
    setCongestion?.(socket);
  };
  return hookedAgents(httpAgent, httpsAgent, { onSocket, meter });
}

/**
 * With one attempt the SDK's retry step does nothing but wrap foreign errors and write warnings to the console. Its
 * name must stay in the stack, because the signing step is placed after it.
 */
function replaceRetries(client: S3): void {
  const name = 'retryMiddleware';
  client.middlewareStack.remove(name);
  client.middlewareStack.add((next) => next, {
    step: 'finalizeRequest',
    priority: 'high',
    name,
    override: true,
  });
}

/**
 * Leaves out what the SDK does anew for each request and nobody uses: copies of input and output for a logger that is
 * not there, and a signer (with a copy of all settings) for the same service and region. Together a tenth of the CPU
 * time of a small request.
 */
function saveWork(client: S3): void {
  client.middlewareStack.remove('loggerMiddleware');
  const makeSigner = client.config.signer;
  const signers = new Map<string, ReturnType<typeof makeSigner>>();
  client.config.signer = async (scheme) => {
    const name = JSON.stringify(scheme ?? '');
    const known = signers.get(name);
    if (known !== undefined) return known;
    const signer = makeSigner(scheme);
    signers.set(name, signer);
    return signer;
  };
}

/**
 * Some requests must carry a digest (DeleteObjects, bucket tags, lifecycle rules). The SDK sends a CRC32, which older
 * servers take for missing; Content-MD5 is accepted by AWS and by all of them (S3 API reference, DeleteObjects).
 */
function addContentMd5(client: S3): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      const { request } = args;
      // The checksum of this one is not that of its body.
      if (context['commandName'] === 'CompleteMultipartUploadCommand') return next(args);
      if (!isTextRequest(request)) return next(args);
      const names = Object.keys(request.headers).filter((name) => /^x-amz-(sdk-)?checksum-/i.test(name));
      for (const name of names) Reflect.deleteProperty(request.headers, name);
      if (names.length > 0) {
        request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
      }
      return next(args);
    },
    // Low priority of the build step: after the SDK's own checksum middleware, before the signature.
    { step: 'build', priority: 'low', name: 'contentMd5' },
  );
}

/** Commands whose body is an object or a part of one. */
const BODY_COMMANDS = new Set(['PutObjectCommand', 'UploadPartCommand']);

function guardPayload(client: S3, guard: PayloadGuard): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const { request } = args;
      if (!BODY_COMMANDS.has(String(context['commandName'])) || !hasBytes(request)) return next(args);
      const knownCrc32 = request.headers[CRC32_HEADER];
      Reflect.deleteProperty(request.headers, CRC32_HEADER);
      Object.assign(request.headers, guard.headersFor(request.body, knownCrc32));
      const result = await next(args);
      guard.noteReply(headersOf(result.response)[CRC32_HEADER]);
      return result;
    },
    { step: 'build', priority: 'low', name: 'guardPayload' },
  );
}

/** Bodies under this size fit into socket buffers, so the server's early refusal is not lost behind them. */
const ASK_FIRST_BYTES = 2 ** 20;

/**
 * A server that refuses a condition may answer and hang up while the body is still on its way, and the client then
 * sees a broken connection and no answer: such a body waits for `100 Continue` (RFC 9110 section 10.1.1).
 */
function askBeforeConditionalBody(client: S3): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const headers = headersOf(args.request);
      const isConditional = headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
      if (isConditional && Number(headers['content-length'] ?? 0) >= ASK_FIRST_BYTES) {
        headers['expect'] = '100-continue';
      }
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'askBeforeConditionalBody' },
  );
}

function headersOf(request: unknown): Record<string, string | undefined> {
  if (typeof request !== 'object' || request === null || !('headers' in request)) return {};
  return request.headers as Record<string, string | undefined>; // as every HTTP request of the SDK
}

function hasBytes(request: unknown): request is { headers: Record<string, string>; body: Uint8Array } {
  return (
    typeof request === 'object' && request !== null && 'body' in request && request.body instanceof Uint8Array
  );
}

function isTextRequest(request: unknown): request is { headers: Record<string, string>; body: string } {
  return (
    typeof request === 'object' && request !== null && 'body' in request && typeof request.body === 'string'
  );
}
