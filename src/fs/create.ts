import { join } from 'node:path';
import pLimit from 'p-limit';
import { BLOCK_BYTES, BlockCache } from '../cache/block-cache.js';
import { ReadAheadBudget } from '../cache/read-ahead.js';
import { DiskTier } from '../cache/disk/disk-tier.js';
import { configSchema, type Config } from '../config/schema.js';
import { chooseStorageClass } from '../config/storage-class-rules.js';
import type { Log } from '../log/log.js';
import type { ObjectStore } from '../s3/store.js';
import { uploadConnectionsOf } from '../transfer/plan.js';
import type { Transporter } from '../transfer/transporter.js';
import { AwaitedOpens } from './awaited-opens.js';
import { createClock } from './clock.js';
import { ByteBudget } from './data/byte-budget.js';
import { parkedPrefix } from './data/keep.js';
import { DEFAULT_PART_LIMITS, type PartLimits } from './data/part-plan.js';
import type { Context, ReadChecks } from './context.js';
import { assemble } from './file-system.js';
import { inspect, type InspectableFileSystem } from './inspect.js';
import { Passthrough } from './data/passthrough.js';
import { DirectoryTimes } from './directory-times.js';
import { IndexKeeper } from './index/keeper.js';
import { Shelf } from './index/shelf.js';
import { IntentLog } from './intents/log.js';
import { newOwner } from './intents/owner.js';
import { LockTable } from './locks.js';
import { S_IFDIR } from './modes.js';
import type { DirectoryNode } from './nodes/node.js';
import { InodeTable } from './nodes/table.js';
import { WriteBack } from './write-back/write-back.js';
import { WHOLE_OBJECT_BYTES } from './data/whole-read.js';

const METADATA_REQUESTS = 16;
const SMALL_UPLOADS = 16;

const DEFAULT_TRANSFER = configSchema.parse({}).transfer;

/** What a file system is made of. */
export interface FileSystemOptions {
  /** Every condition that it is sent must hold: over a server that ignores some, `withCheckedConditions`. */
  readonly store: ObjectStore;
  /** Keys that the mount shows start with it: empty, or ends with `/`. */
  readonly prefix: string;
  /** Moves what is too large for one request. */
  readonly transporter: Transporter;
  readonly mount: Config['mount'];
  /** A folder of this mount alone: `stage/` in it is emptied at start, `blocks/` is the disk tier, `recovery/` stays. */
  readonly cacheDir: string;
  /** What the disk tier is used through. @defaultValue itself */
  readonly throughDisk?: (sound: DiskTier) => DiskTier;
  readonly log: Log;
  /** Of objects that name no owner. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Of new files; a rewritten one keeps its own. @defaultValue STANDARD, which every server knows. */
  readonly storage?: Pick<Config['transfer'], 'storageClass' | 'storageClassRules'>;
  /** Size and number of parts that the file system sends by itself. @defaultValue those of the configuration */
  readonly transfer?: Pick<Config['transfer'], 'level' | 'chunkSize' | 'connections'>;
  /** Of a service with other limits than S3. @defaultValue those of S3 */
  readonly partLimits?: Partial<PartLimits>;
  /** @defaultValue all, by checksums alone: an ETag need not be an MD5. */
  readonly readChecks?: ReadChecks;
  /** @defaultValue the wall clock. */
  readonly nowNs?: () => bigint;
}

/** A file system over one bucket or a prefix of it, in which each object is a file. Call `start` before anything. */
export function createFileSystem(options: FileSystemOptions): InspectableFileSystem {
  const { store, prefix, transporter, mount, cacheDir, log, owner } = options;
  const { chunkSize: uploadPartBytes = DEFAULT_PART_LIMITS.uploadPartBytes, ...transfer } =
    options.transfer ?? DEFAULT_TRANSFER;
  const nowNs = options.nowNs ?? createClock();
  const [startedNs, table] = [nowNs(), new InodeTable()];
  const disk = createDiskTier(options);
  const context: Context = {
    store,
    prefix,
    transporter,
    mount,
    log,
    owner,
    nowNs,
    startedNs,
    table,
    storageClassOf: (facts) => chooseStorageClass({ storageClass: 'STANDARD', ...options.storage }, facts),
    stageFolder: join(cacheDir, 'stage'),
    recoveryFolder: join(cacheDir, 'recovery'),
    parkedPrefix: parkedPrefix(prefix, cacheDir),
    writeBack: new WriteBack({ folder: join(cacheDir, 'write-back'), limitBytes: mount.writeBackLimit }),
    locks: new LockTable(),
    awaitedOpens: new AwaitedOpens(),
    ...directoryKnowledge(),
    intents: new IntentLog({ store, prefix, owner: newOwner(), log }),
    metadataRequests: pLimit(METADATA_REQUESTS),
    smallUploads: pLimit(SMALL_UPLOADS),
    partLimits: { ...DEFAULT_PART_LIMITS, uploadPartBytes, ...options.partLimits },
    partConnections: uploadConnectionsOf(transfer),
    readChecks: options.readChecks ?? { small: true, large: true, etagIsMd5: false },
    cache: createBlockCache(mount, disk),
    disk,
    passthrough: new Passthrough(),
    ...budgetsOf(mount),
    root: createRoot(table, prefix, startedNs, owner),
  };
  return { ...assemble(context), inspect: () => inspect(context) };
}

/** What bytes may wait for each purpose, in memory and on the local disk. */
function budgetsOf({
  memoryLimit,
  stageLimit,
}: FileSystemOptions['mount']): Pick<Context, 'stageSpace' | 'stageMemory' | 'uploadMemory' | 'readAhead'> {
  return {
    stageSpace: { limitBytes: stageLimit, usedBytes: 0 },
    stageMemory: new ByteBudget(Math.floor(memoryLimit / 8)),
    uploadMemory: new ByteBudget(Math.floor(memoryLimit / 4)),
    readAhead: new ReadAheadBudget(Math.floor(memoryLimit / 8)),
  };
}

function createBlockCache(mount: FileSystemOptions['mount'], disk: DiskTier | undefined): BlockCache {
  const limitBytes = Math.floor((mount.memoryLimit * 3) / 8);
  return new BlockCache({
    limitBytes,
    wholeBytes: WHOLE_OBJECT_BYTES,
    ...(disk === undefined ? {} : { lower: disk }),
  });
}

function createDiskTier(options: FileSystemOptions): DiskTier | undefined {
  const { mount, cacheDir, log, throughDisk } = options;
  if (mount.diskCache === 0) return undefined;
  const disk = new DiskTier({
    folder: join(cacheDir, 'blocks'),
    limitBytes: mount.diskCache,
    blockBytes: BLOCK_BYTES,
    queueBytes: Math.floor(mount.memoryLimit / 16),
    log,
  });
  return throughDisk?.(disk) ?? disk;
}

/** What is kept of directories, and who is told when it turns out wrong. */
function directoryKnowledge(): Pick<Context, 'kernel' | 'indexes' | 'times' | 'shelf'> {
  return { kernel: {}, indexes: new IndexKeeper(), times: new DirectoryTimes(), shelf: new Shelf() };
}

function createRoot(
  table: InodeTable,
  prefix: string,
  timeNs: bigint,
  owner: FileSystemOptions['owner'],
): DirectoryNode {
  const times = { atimeNs: timeNs, mtimeNs: timeNs, ctimeNs: timeNs };
  const posix = { mode: S_IFDIR | 0o755, ...owner, rdev: 0, ...times, xattrs: new Map<string, Uint8Array>() };
  const seed = { parent: undefined, name: '', key: prefix, posix, object: undefined, checkedAtMs: 0 };
  const root = table.add(seed);
  if (root.kind !== 'directory') throw new TypeError('The mode of the root says directory');
  return root;
}
