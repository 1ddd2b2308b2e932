import { createFileSystem } from '../fs/create.js';
import type { InspectableFileSystem } from '../fs/inspect.js';
import type { FileSystem } from '../fs/operations.js';
import type { Log } from '../log/log.js';
import { ALL_CONDITIONS, withCheckedConditions, type HonouredConditions } from '../s3/checked-conditions.js';
import { createStore } from '../s3/client.js';
import { connectionForLevel, type S3Connection } from '../s3/connection.js';
import { meterStore } from '../s3/metered.js';
import { probeStore } from '../s3/probe.js';
import { withRetry } from '../s3/retry.js';
import type { ObjectStore } from '../s3/store.js';
import { createTransporter } from '../transfer/create.js';
import type { Transporter } from '../transfer/transporter.js';
import { leaveCacheFolder, prepareCacheFolder, type CacheFolder } from './cache-folder.js';
import type { Observed } from './observe/collect.js';
import { trackOperations } from './observe/operations.js';
import { StoreWatch } from './observe/store.js';
import type { MountPlan } from './plan.js';
import { UploadJournal } from './upload-journal.js';

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
  const metered = meterStore(createStore(storeConnection(plan), plan.bucket, { log }));
  const watch = new StoreWatch();
  const direct = watch.watch(metered.store);
  let folder: CacheFolder | undefined;
  try {
    await direct.list({ prefix, maxKeys: 1 });
    const honoured = await honouredConditions(direct, plan, prefix);
    const taken = await prepareCacheFolder(plan);
    folder = taken;
    const cacheDir = taken.path;
    const journal = await UploadJournal.in(cacheDir);
    if (!plan.config.mount.readOnly) await journal.abortLeft(direct, log);
    const checked = journal.note(withCheckedConditions(direct, honoured));
    const retries = new RetryCount();
    const fileSystem = fileSystemOver(plan, checked, retries, cacheDir, log);
    const tracked = trackOperations(fileSystem);
    return {
      fileSystem: tracked.fileSystem,
      observed: {
        operations: tracked.log,
        cacheFolder: cacheDir,
        fileSystem: () => fileSystem.inspect(),
        storeHealth: () => watch.health(),
        storeRequests: () => metered.counts(),
        retries: () => retries.count,
      },
      close: async () => {
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

function fileSystemOver(
  { config, prefix }: MountPlan,
  checked: ObjectStore,
  retries: RetryCount,
  cacheDir: string,
  log: Log,
): InspectableFileSystem {
  return createFileSystem({
    store: withRetry(checked, { onRetry: () => (retries.count += 1) }),
    prefix: keyPrefix(prefix),
    // The transporter retries by itself.
    transporter: retries.of(createTransporter('optimized', checked, config.transfer, { log })),
    mount: config.mount,
    transfer: config.transfer,
    cacheDir,
    log,
    owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    storageClass: config.transfer.storageClass,
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

/** AWS has all; any other server is tried, because a condition that a server does not know is not refused but ignored. */
async function honouredConditions(
  store: ObjectStore,
  plan: MountPlan,
  prefix: string,
): Promise<HonouredConditions> {
  if (plan.connection.endpoint === undefined || plan.config.mount.readOnly) return ALL_CONDITIONS;
  return await probeStore(store, `${prefix}.objectfs/probe/`);
}

function storeConnection({ connection, config }: MountPlan): S3Connection {
  return connectionForLevel(connection, config.transfer.level);
}
