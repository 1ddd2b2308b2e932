import { randomBytes } from 'node:crypto';
import type { RequestCount } from '../report/model.js';
import type { S3Credentials } from '../s3/connection.js';
import { Guest } from './auth/guest.js';
import { Faults } from './faults/faults.js';
import type { FaultCount, FaultRules } from './faults/rules.js';
import type { Around, Service } from './http/handler.js';
import { RequestCounts } from './http/request-counts.js';
import { listen, type Wrap } from './http/server.js';
import { createLink, type AroundLanes } from './link/link.js';
import type { LinkProfile } from './link/profile.js';
import type { Operation } from './operations/request.js';
import { shapeConnection } from './link/shape.js';
import { createDirectoryStorage } from './storage/directory-storage.js';
import { createMemoryStorage } from './storage/memory-storage.js';

/** How the embedded S3 server runs. */
export interface EmulatorOptions {
  /** @defaultValue `127.0.0.1`: nobody else can reach it. */
  readonly host?: string;
  /** @defaultValue 0, a free one. */
  readonly port?: number;
  /** Folder that keeps buckets and objects over restarts. Absent: memory only. */
  readonly dataDir?: string;
  /** Link that connections are put behind. Absent: as fast as it goes. */
  readonly link?: LinkProfile;
  /** Of what the link does at random. @defaultValue 1 */
  readonly linkSeed?: number;
  /** What goes wrong. Absent: nothing. */
  readonly faults?: FaultRules;
  /** The one account. @defaultValue random keys, so that no two runs share them. */
  readonly credentials?: S3Credentials;
  /** @defaultValue `us-east-1` */
  readonly region?: string;
  /** Host name whose subdomains are buckets. @defaultValue `localhost` */
  readonly baseHost?: string;
  /** The server's clock, for tests of expiry and skew. @defaultValue `Date.now` */
  readonly nowMs?: () => number;
  /** Least size of every part but the last, for tests. @defaultValue 5 MiB, as on S3. */
  readonly minimumPartBytes?: number;
  /** Put around each operation before it runs, for tests. @defaultValue nothing is */
  readonly around?: Around;
  /** Put around each direction of each connection, for tests. @defaultValue nothing is */
  readonly aroundLanes?: AroundLanes;
  /** Told of replies with status 500. @defaultValue nothing happens */
  readonly onInternalError?: (reason: unknown) => void;
}

/** A running embedded S3 server. */
export interface Emulator {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly credentials: S3Credentials;
  readonly region: string;
  /** Requests so far by operation; bytes as the server sees them, content only. */
  requestCounts(): RequestCount[];
  /** Lets other things go wrong from the next request on, counted anew; undefined: nothing. */
  setFaults(rules: FaultRules | undefined): void;
  /** How often each fault rule fitted and fired. */
  faultCounts(): FaultCount[];
  /** Knows these keys beside its own from the next request on, and those of the guest before no more; undefined: no guest. */
  setGuest(credentials: S3Credentials | undefined): void;
  /**
   * `false`: connections are ended, and new ones refused (ECONNREFUSED) until it is `true` again.
   *
   * @throws Failure `usage` where somebody else has taken the port meanwhile.
   */
  setReachable(isReachable: boolean): Promise<void>;
  /** Ends all connections; memory is dropped, a data folder stays. */
  close(): Promise<void>;
}

/**
 * Starts the embedded S3 server in this process.
 *
 * @throws Failure `usage` where the address can not be listened on or the data folder can not be used.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = '127.0.0.1', region = 'us-east-1', nowMs = Date.now } = options;
  const credentials = options.credentials ?? randomCredentials();
  const { minimumPartBytes } = options;
  const kept = { nowMs, ...(minimumPartBytes === undefined ? {} : { minimumPartBytes }) };
  const storage =
    options.dataDir === undefined
      ? createMemoryStorage(kept)
      : await createDirectoryStorage(options.dataDir, kept);
  const counts = new RequestCounts();
  const guest = new Guest();
  const service: Service = {
    storage,
    verifier: { credentials, guest, region, nowMs },
    baseHost: options.baseHost ?? 'localhost',
    counts,
    around: options.around ?? ((operation): Operation => operation),
    onInternalError: options.onInternalError ?? ((): void => undefined),
    ...(options.faults === undefined ? {} : { faults: new Faults(options.faults) }),
  };
  const server = await listen(service, host, options.port ?? 0, wrapFor(options));
  return {
    endpoint: `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    credentials,
    region,
    requestCounts: () => counts.snapshot(),
    setFaults: (rules) => {
      service.faults = rules === undefined ? undefined : new Faults(rules);
    },
    faultCounts: () => service.faults?.counts() ?? [],
    setGuest: (keys) => {
      guest.admit(keys);
    },
    setReachable: (isReachable) => server.setReachable(isReachable),
    close: async () => {
      await server.close();
      await storage.close();
    },
  };
}

function wrapFor({ link: profile, linkSeed: seed = 1, aroundLanes }: EmulatorOptions): Wrap {
  if (profile === undefined) return (socket) => socket;
  const link = createLink(profile, { seed, ...(aroundLanes && { around: aroundLanes }) });
  return (socket) => shapeConnection(socket, link);
}

/** Shaped like AWS's, for clients that check. */
function randomCredentials(): S3Credentials {
  return {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64').replaceAll('/', 'x'),
  };
}
