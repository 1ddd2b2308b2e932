import { createFileSystem } from '../fs/create.js';
import type { InspectableFileSystem } from '../fs/inspect.js';
import type { FileSystem } from '../fs/operations.js';
import type { Log } from '../log/log.js';
import { ALL_CONDITIONS, withCheckedConditions, type HonouredConditions } from '../s3/checked-conditions.js';
import { createStore } from '../s3/client.js';
import { connectionForLevel, type S3Connection } from '../s3/connection.js';
import { meterStore } from '../s3/metered.js';
import { probeStore, type StoreCapabilities } from '../s3/probe.js';
import { withRenewedCredentials } from '../s3/renewing.js';
import { withRetry } from '../s3/retry.js';
import { ConnectionMeter } from '../s3/sockets/meter.js';
import type { ObjectStore } from '../s3/store.js';
import { withCeiling } from '../transfer/ceiling.js';
import { createTransporter } from '../transfer/create.js';
import { pacerFor } from '../transfer/pacing.js';
import { pacedStore } from '../transfer/request-rate/pacer.js';
import type { Transporter } from '../transfer/transporter.js';
import { leaveCacheFolder, prepareCacheFolder, type CacheFolder } from './cache-folder.js';
import type { Observed } from './observe/collect.js';
import { trackOperations, type OperationLog } from './observe/operations.js';
import { StoreWatch } from './observe/store.js';
import type { MountPlan } from './plan.js';
import { seamsOf, type Seams } from './seams.js';
import { UploadJournal } from './upload-journal.js';
import type { ReadChecks } from '../fs/context.js';

/** A connection without a byte for this long has failed; less where an operation may not take so long. */
const IDLE_TIMEOUT_MS = 30_000;
/** How often it is looked whether the store is out. */
const ATTEND_INTERVAL_MS = 500;
/** Tries of one part of a transfer take no longer, because a fallback stands behind them. */
const PART_LIMIT_MS = 30_000;

export interface Composed {
  readonly fileSystem: FileSystem;
  /** What can be seen of it while it runs. */
  readonly observed: Observed;
  /** Ends the connections to the store; after the file system has stopped. */
  close(): Promise<void>;
}

/**
 * Builds what a plan describes: store, then file system. Asks the store once, so that a wrong bucket, credentials
 * or endpoint show before anything is mounted.
 *
 * @throws Failure `missing-bucket`, `denied`, `no-credentials`, `bad-signature`, `unreachable` and their like.
 */
export async function compose(plan: MountPlan, log: Log): Promise<Composed> {
  const prefix = keyPrefix(plan.prefix);
  const { metered, meter, watch, direct, seams } = await watchedStore(plan, log);
  let folder: CacheFolder | undefined;
  try {
    await direct.list({ prefix, maxKeys: 1 });
    const abilities = await abilitiesOf(direct, plan, prefix);
    const taken = await prepareCacheFolder(plan);
    folder = taken;
    const cacheDir = taken.path;
    const journal = await UploadJournal.in(cacheDir);
    if (!plan.config.mount.readOnly) await journal.abortLeft(direct, log);
    const checked = journal.note(withCheckedConditions(direct, abilities));
    const retries = new RetryCount();
    const fileSystem = fileSystemOver(plan, checked, { retries, watch, seams, abilities }, cacheDir, log);
    const tracked = trackOperations(fileSystem);
    const outage = attendOutage(plan, watch, tracked.log, () => watch.probe(direct, prefix));
    return {
      fileSystem: seams.fileSystem(tracked.fileSystem),
      observed: {
        operations: tracked.log,
        cacheFolder: cacheDir,
        fileSystem: () => fileSystem.inspect(),
        storeHealth: () => watch.health(),
        ...{ storeRequests: () => metered.counts(), storeConnections: () => meter.counts() },
        retries: () => retries.count,
      },
      close: async () => {
        clearInterval(outage);
        direct.close();
        await journal.close();
        await leaveCacheFolder(taken);
      },
    };
  } catch (reason) {
    direct.close();
    await folder?.lock.release();
    throw reason;
  }
}

/** The store, one request to a call, counted and watched. */
async function watchedStore(plan: MountPlan, log: Log) {
  const seams = await seamsOf(plan);
  const limitMs = plan.config.mount.operationTimeoutMs;
  const idleTimeoutMs = Math.min(IDLE_TIMEOUT_MS, limitMs / 2);
  const connection = storeConnection(plan);
  const meter = new ConnectionMeter();
  const make = (): ObjectStore => createStore(connection, plan.bucket, { log, idleTimeoutMs, meter });
  const metered = meterStore(withRenewedCredentials(connection, make, log));
  const watch = new StoreWatch(limitMs);
  return { metered, meter, watch, direct: seams.store(watch.observe(metered.store)), seams };
}

/** While the store is out no operation grows older than the limit, and the store is asked whether it is back. */
function attendOutage(
  { config }: MountPlan,
  watch: StoreWatch,
  operations: OperationLog,
  probe: () => Promise<void>,
): NodeJS.Timeout {
  return setInterval(() => {
    if (!watch.isOut()) return;
    operations.cut(config.mount.operationTimeoutMs);
    void probe();
  }, ATTEND_INTERVAL_MS).unref();
}

/** What a file system is built into. */
interface Around {
  readonly retries: RetryCount;
  readonly watch: StoreWatch;
  readonly seams: Seams;
  readonly abilities: Abilities;
}

function fileSystemOver(
  plan: MountPlan,
  checked: ObjectStore,
  { retries, watch, seams, abilities }: Around,
  cacheDir: string,
  log: Log,
): InspectableFileSystem {
  const { config, prefix } = plan;
  const maxTotalMs = config.mount.operationTimeoutMs;
  const onRetry = (): number => (retries.count += 1);
  // The transporter retries by itself.
  const retry = { maxTotalMs: Math.min(maxTotalMs, PART_LIMIT_MS) };
  const transporter = seams.transporter(
    createTransporter('optimized', checked, config.transfer, { log, retry }),
  );
  // The transporter has the same paced store and the same ceiling: what is learnt and paid for counts for both.
  const store = withCeiling(pacedStore(checked), pacerFor(config.transfer));
  return createFileSystem({
    store: watch.guard(withRetry(store, { policy: { maxTotalMs }, onRetry })),
    prefix: keyPrefix(prefix),
    transporter: watch.guardTransporter(retries.of(transporter)),
    mount: config.mount,
    transfer: config.transfer,
    throughDisk: (sound) => seams.diskTier(sound),
    cacheDir,
    log,
    owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    storage: config.transfer,
    readChecks: readChecksOf(plan, abilities),
  });
}

/** Requests that were sent again: those of single requests, and those that transfers report when they are done. */
class RetryCount {
  count = 0;

  of(transporter: Transporter): Transporter {
    const add = <T extends { readonly retries: number }>(summary: T): T => {
      this.count += summary.retries;
      return summary;
    };
    return {
      name: transporter.name,
      upload: async (...args) => add(await transporter.upload(...args)),
      download: async (...args) => add(await transporter.download(...args)),
    };
  }
}

/** Keys under the mount start with it: empty, or one `/` at the end. */
function keyPrefix(prefix: string): string {
  const trimmed = prefix.replace(/\/+$/, '');
  return trimmed === '' ? '' : `${trimmed}/`;
}

type Abilities = HonouredConditions & Pick<StoreCapabilities, 'etagIsMd5' | 'keepsChecksums'>;

/** AWS keeps checksums of its own, so nothing hangs on its ETags, which may be those of a bucket with a key of KMS. */
const UNTRIED: Abilities = { ...ALL_CONDITIONS, etagIsMd5: false, keepsChecksums: true };

/** AWS has all; any other server is tried, because a condition that a server does not know is not refused but ignored. */
async function abilitiesOf(store: ObjectStore, plan: MountPlan, prefix: string): Promise<Abilities> {
  if (plan.connection.endpoint === undefined || plan.config.mount.readOnly) return UNTRIED;
  return await probeStore(store, `${prefix}.objectfs/probe/`);
}

/** Bytes that came by TLS are those that were sent, so that large files are summed up where none guards them. */
function readChecksOf(
  { config, connection }: MountPlan,
  { etagIsMd5, keepsChecksums }: Abilities,
): ReadChecks {
  const { verifyReads } = config.mount;
  const isOpen = connection.endpoint?.startsWith('http:') === true;
  return {
    small: verifyReads !== 'off',
    large: keepsChecksums && (verifyReads === 'always' || (verifyReads === 'auto' && isOpen)),
    etagIsMd5,
  };
}

/** Over the lean client unless the configuration says otherwise: what a request costs here is what a user waits for. */
function storeConnection({ connection, config }: MountPlan): S3Connection {
  return connectionForLevel({ client: 'lean', ...connection }, config.transfer.level);
}
