import type { Log } from '../../log/log.js';
import { failer } from '../caller.js';
import type { S3Connection, S3Credentials } from '../connection.js';
import { credentialProvider } from '../credentials.js';
import type { HttpLimits } from '../sdk.js';
import type { GetOptions, ObjectRead, UploadedPart, WriteResult } from '../store.js';
import type { SharedBody, ThreadRequest } from './messages.js';
import { SharedBuffers } from './shared-buffers.js';
import { fetchBody, sendBody } from './tasks.js';
import { TransferThread } from './transfer-thread.js';

/** 8 connections with parts of 16 MiB, the most without `transfer.chunkSize`. */
const MOST_SHARED_BYTES = 128 * 2 ** 20;

/** A request that brings a body, and the same without threads. */
export interface Sending<T> {
  readonly operation: string;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly request: (body: SharedBody) => Exclude<ThreadRequest, { kind: 'get' }>;
  readonly signal: AbortSignal | undefined;
  readonly direct: () => Promise<T>;
}

/** The threads of one store. What they have no room for goes the direct way, which also tells what is wrong. */
export class Crew {
  readonly #threads: readonly TransferThread[];
  readonly #credentials: ReturnType<typeof credentialProvider>;
  readonly #buffers = new SharedBuffers(MOST_SHARED_BYTES);
  readonly #fail: (operation: string, key: string) => (reason: unknown) => never;

  constructor(connection: S3Connection, bucket: string, count: number, limits: HttpLimits, log: Log) {
    const { endpoint, region, forcePathStyle, tcpCongestion } = connection;
    const address = { region, forcePathStyle, ...(endpoint === undefined ? {} : { endpoint }) };
    const tuned = { ...address, ...(tcpCongestion === undefined ? {} : { tcpCongestion }) };
    const crossing = { ...limits };
    // Functions cross to no thread.
    Reflect.deleteProperty(crossing, 'resolveAddresses');
    Reflect.deleteProperty(crossing, 'meter');
    const plan = { connection: tuned, bucket, limits: crossing };
    this.#threads = Array.from({ length: count }, () => new TransferThread(plan, log));
    this.#credentials = credentialProvider(connection);
    const fail = failer(log);
    this.#fail = (operation, key) => fail({ operation, bucket, key, region });
  }

  /** Copies the bytes into shared memory once, and has them sent from there. */
  async send<T extends UploadedPart | WriteResult>(sending: Sending<T>): Promise<T> {
    const { operation, key, bytes, request, signal, direct } = sending;
    const credentials = await this.#sign();
    const thread = this.#idlest();
    const buffer = thread === undefined ? undefined : this.#buffers.take(bytes.byteLength);
    if (credentials === undefined || thread === undefined || buffer === undefined) return direct();
    new Uint8Array(buffer).set(bytes);
    try {
      const body = { buffer, sizeBytes: bytes.byteLength };
      return await sendBody<T>(thread, request(body), credentials, signal);
    } catch (reason) {
      return this.#fail(operation, key)(reason);
    } finally {
      // Nothing of the request goes on: a connection that had not sent all of it is closed by now.
      this.#buffers.giveBack(buffer);
    }
  }

  async fetch(key: string, options: GetOptions, direct: () => Promise<ObjectRead>): Promise<ObjectRead> {
    const credentials = await this.#sign();
    const thread = this.#idlest();
    if (credentials === undefined || thread === undefined) return direct();
    return fetchBody(thread, key, options, credentials).catch(this.#fail('GetObject', key));
  }

  close(): void {
    for (const thread of this.#threads) thread.close();
  }

  async #sign(): Promise<S3Credentials | undefined> {
    const found = await this.#credentials().catch(() => undefined);
    if (found === undefined) return undefined;
    const { accessKeyId, secretAccessKey, sessionToken } = found;
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }

  #idlest(): TransferThread | undefined {
    const usable = this.#threads.filter(({ isUsable }) => isUsable);
    return usable.sort((left, right) => left.load - right.load)[0];
  }
}
