import { Failure, type FailureKind } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { S3Connection, S3Credentials } from './connection.js';
import { resolveCredentials } from './credentials.js';
import { wrapStore } from './metered.js';
import type { ObjectBody, ObjectStore } from './store.js';

/** Answers that other credentials could turn into a success. `denied`: a key that was rotated away may lose its rights first. */
const RENEWABLE: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'no-credentials',
  'bad-signature',
  'denied',
]);

/** A mount that is denied something on purpose must not read the credential files at every request. */
const RENEW_INTERVAL_MS = 1_000;

/**
 * A store that outlives its credentials. Where the server refuses them, the credential chain is asked anew (files,
 * process, environment of this process, instance); if it has others by now, the request is sent once more with them,
 * and so are all after it. Credentials that are fixed in the connection are what they are.
 *
 * @param make - Makes a store that asks the credential chain at its first request.
 */
export function withRenewedCredentials(
  connection: S3Connection,
  make: () => ObjectStore,
  log: Log,
): ObjectStore {
  const first = make();
  if (connection.credentials !== undefined) return first;
  const renewal = new Renewal(connection, make, first, log);
  const current = renewal.asStore();
  const wrapped = wrapStore(current, (_method, send) => renewal.run(send));
  // A stream is used up by its first request: whoever made it can make another.
  const once = <T>(body: ObjectBody, send: () => Promise<T>): Promise<T> =>
    renewal.run(send, body instanceof Uint8Array);
  return {
    ...wrapped,
    put: (key, body, options) => once(body, () => current.put(key, body, options)),
    uploadPart: (key, id, part, body, options) =>
      once(body, () => current.uploadPart(key, id, part, body, options)),
    close: () => {
      renewal.close();
    },
  };
}

class Renewal {
  readonly #connection: S3Connection;
  readonly #make: () => ObjectStore;
  readonly #log: Log;
  #store: ObjectStore;
  /** Answers that it has begun go on; closed at the next renewal. */
  #previous: ObjectStore | undefined;
  /** What the store signs with. */
  #used: Promise<S3Credentials | undefined>;
  #renewing: Promise<boolean> | undefined;
  #askedMs = -Infinity;

  constructor(connection: S3Connection, make: () => ObjectStore, store: ObjectStore, log: Log) {
    this.#connection = connection;
    this.#make = make;
    this.#store = store;
    this.#log = log;
    this.#used = resolve(connection);
  }

  /** The store of now, whichever that is when a method is called. */
  asStore(): ObjectStore {
    const current = (): ObjectStore => this.#store;
    const get = (_target: ObjectStore, name: string): unknown => Reflect.get(current(), name);
    return new Proxy(this.#store, { get });
  }

  /** @param canRepeat - `false`: what was sent can not be sent again from here. */
  async run<T>(send: () => Promise<T>, canRepeat = true): Promise<T> {
    const sentBy = this.#store;
    try {
      return await send();
    } catch (reason) {
      const failure = Failure.from(reason);
      if (!isRenewable(failure) || !(await this.#renewed(sentBy))) throw failure;
      if (canRepeat) return await send();
      throw new Failure('reset', `The credentials had to be renewed: ${failure.message}`, { cause: failure });
    }
  }

  close(): void {
    this.#previous?.close();
    this.#store.close();
  }

  /** Whether there are other credentials now than those that a request was sent with. */
  async #renewed(sentBy: ObjectStore): Promise<boolean> {
    if (this.#store !== sentBy) return true; // another request has seen to it
    const nowMs = performance.now();
    if (this.#renewing === undefined && nowMs - this.#askedMs < RENEW_INTERVAL_MS) return false;
    this.#askedMs = nowMs;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(): Promise<boolean> {
    const [used, found] = [await this.#used, await resolve(this.#connection)];
    if (found === undefined || isSame(used, found)) return false;
    this.#used = Promise.resolve(found);
    this.#previous?.close();
    this.#previous = this.#store;
    this.#store = this.#make();
    this.#log.info(
      { accessKeyId: found.accessKeyId },
      'other credentials were found and are used from now on',
    );
    return true;
  }
}

/** A reply to HEAD has no body to give its reason in: of a session that has run out S3 says 400, and nothing else. */
function isRenewable({ kind, status, code }: Failure): boolean {
  return RENEWABLE.has(kind) || (status === 400 && code === undefined);
}

/** A source that can not be read just now has nothing new. */
async function resolve(connection: S3Connection): Promise<S3Credentials | undefined> {
  return resolveCredentials(connection).catch(() => undefined);
}

function isSame(left: S3Credentials | undefined, right: S3Credentials): boolean {
  return (
    left?.accessKeyId === right.accessKeyId &&
    left.secretAccessKey === right.secretAccessKey &&
    left.sessionToken === right.sessionToken
  );
}
