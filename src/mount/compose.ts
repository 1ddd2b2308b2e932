import type { FileSystem } from '../fs/operations.js';
import { createFileSystem } from '../fs/create.js';
import type { Log } from '../log/log.js';
import { ALL_CONDITIONS, withCheckedConditions, type HonouredConditions } from '../s3/checked-conditions.js';
import { createStore } from '../s3/client.js';
import { probeStore } from '../s3/probe.js';
import { withRetry } from '../s3/retry.js';
import type { ObjectStore } from '../s3/store.js';
import { createTransporter } from '../transfer/create.js';
import { prepareCacheFolder, tidyCacheFolder } from './cache-folder.js';
import type { MountPlan } from './plan.js';

export interface Composed {
  readonly fileSystem: FileSystem;
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
  const { config, bucket } = plan;
  const prefix = keyPrefix(plan.prefix);
  const direct = createStore(plan.connection, bucket, { log });
  try {
    await direct.list({ prefix, maxKeys: 1 });
    const checked = withCheckedConditions(direct, await honouredConditions(direct, plan, prefix));
    const store = withRetry(checked);
    const cacheDir = await prepareCacheFolder(plan);
    const fileSystem = createFileSystem({
      store,
      prefix,
      // The transporter retries by itself.
      transporter: createTransporter('optimized', checked, config.transfer, { log }),
      mount: config.mount,
      cacheDir,
      log,
      owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
      storageClass: config.transfer.storageClass,
    });
    return {
      fileSystem,
      close: async () => {
        direct.close();
        await tidyCacheFolder(cacheDir);
      },
    };
  } catch (reason) {
    direct.close();
    throw reason;
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
