import type { DiskTier } from '../cache/disk/disk-tier.js';
import { loadPlanted } from '../config/planted.js';
import type { FileSystem } from '../fs/operations.js';
import type { ObjectStore } from '../s3/store.js';
import type { Transporter } from '../transfer/transporter.js';
import type { MountPlan } from './plan.js';

/** What the parts of a mount go through when they are put together. */
export interface Seams {
  fileSystem(sound: FileSystem): FileSystem;
  store(sound: ObjectStore): ObjectStore;
  transporter(sound: Transporter): Transporter;
  diskTier(sound: DiskTier): DiskTier;
}

const SOUND: Seams = {
  fileSystem: (sound) => sound,
  store: (sound) => sound,
  transporter: (sound) => sound,
  diskTier: (sound) => sound,
};

/** @throws Failure `unsupported` where the plan wants planted defects and this build has none. */
export function seamsOf({ planted }: MountPlan): Promise<Seams> {
  return planted === undefined ? Promise.resolve(SOUND) : loadPlanted<Seams>(planted);
}
