import type { FileSystem } from '../fs/operations.js';
import { createFileSystem } from '../fs/create.js';
import type { Log } from '../log/log.js';
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
    const conditionalWrites = await honoursConditions(direct, plan, prefix);
    const store = withRetry(direct);
    const cacheDir = await prepareCacheFolder(plan);
    const fileSystem = createFileSystem({
      store,
      prefix,
      // The transporter retries by itself.
      transporter: createTransporter('optimized', direct, config.transfer, { log }),
      mount: config.mount,
      cacheDir,
      log,
      owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
      conditionalWrites,
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

/** AWS does; any other server is tried, because a condition that a server does not know is not refused but ignored. */
async function honoursConditions(store: ObjectStore, plan: MountPlan, prefix: string): Promise<boolean> {
  if (plan.connection.endpoint === undefined || plan.config.mount.readOnly) return true;
  const found = await probeStore(store, `${prefix}.objectfs/probe/`);
  return found.conditionalCreate && found.conditionalReplace;
}
