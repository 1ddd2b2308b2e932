import type { AwaitedOpens } from './awaited-opens.js';
import type { LimitFunction } from 'p-limit';
import { Failure } from '../errors/failure.js';
import type { BlockCache } from '../cache/block-cache.js';
import type { DiskTier } from '../cache/disk/disk-tier.js';
import type { ReadAheadBudget } from '../cache/read-ahead.js';
import type { Config } from '../config/schema.js';
import type { ObjectFacts } from '../config/storage-class-rules.js';
import type { Log } from '../log/log.js';
import type { ObjectStore } from '../s3/store.js';
import type { Transporter } from '../transfer/transporter.js';
import type { StorageClass } from '../config/storage-class.js';
import type { ByteBudget } from './data/byte-budget.js';
import type { PartLimits } from './data/part-plan.js';
import type { Passthrough } from './data/passthrough.js';
import type { DirectoryTimes } from './directory-times.js';
import type { IndexKeeper } from './index/keeper.js';
import type { Shelf } from './index/shelf.js';
import type { IntentLog } from './intents/log.js';
import type { StageSpace } from './data/stage.js';
import type { LockTable } from './locks.js';
import type { DirectoryNode, Node } from './nodes/node.js';
import type { InodeTable } from './nodes/table.js';
import type { WriteBack } from './write-back/write-back.js';
import type { KernelNotifier } from './operations.js';

/** What of the bytes that are read is compared with what the store keeps of them. */
export interface ReadChecks {
  /** Objects that come whole with one request, before anybody sees a byte. */
  readonly small: boolean;
  /** Objects that come in ranges, when all ranges have come. */
  readonly large: boolean;
  /** Whether the ETag of an object of one part is the MD5 of its content, unless its encryption says otherwise. */
  readonly etagIsMd5: boolean;
}

/** What every operation of one mount works with. */
export interface Context {
  /** Its conditions hold; `withCheckedConditions` sees to that where the server ignores some. */
  readonly store: ObjectStore;
  readonly readChecks: ReadChecks;
  readonly transporter: Transporter;
  readonly mount: Config['mount'];
  readonly log: Log;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
  /** Of objects that name no owner. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Of a new file; a rewritten one keeps its own. */
  readonly storageClassOf: (facts: ObjectFacts) => StorageClass;
  readonly nowNs: () => bigint;
  readonly startedNs: bigint;
  readonly stageFolder: string;
  readonly recoveryFolder: string;
  /** Of keys that hold what was removed or replaced while somebody still needed it; the next mount removes them. */
  readonly parkedPrefix: string;
  readonly table: InodeTable;
  readonly locks: LockTable;
  readonly awaitedOpens: AwaitedOpens;
  /** Closed files that S3 does not hold yet. */
  readonly writeBack: WriteBack;
  /** Records of operations that take several requests. */
  readonly intents: IntentLog;
  readonly cache: BlockCache;
  readonly readAhead: ReadAheadBudget;
  /** Absent where `mount.diskCache` is 0. */
  readonly disk: DiskTier | undefined;
  readonly passthrough: Passthrough;
  /** Its notifier is there from `start` on. Notifications are queued, so they may be given under a lock. */
  readonly kernel: { notifier?: KernelNotifier };
  readonly indexes: IndexKeeper;
  readonly times: DirectoryTimes;
  /** Bounds what is kept of listings and indexes. */
  readonly shelf: Shelf;
  /** Bounds requests that are sent ahead of being asked for. */
  readonly metadataRequests: LimitFunction;
  /** Bounds requests that upload a whole small file. */
  readonly smallUploads: LimitFunction;
  /** Local bytes of files that are being written. */
  readonly stageSpace: StageSpace;
  /** Bytes of small files that are being written. */
  readonly stageMemory: ByteBudget;
  /** How objects are put together from parts. */
  readonly partLimits: PartLimits;
  /** Parts of one object on their way at one time. */
  readonly partConnections: number;
  /** Bytes on their way to S3. */
  readonly uploadMemory: ByteBudget;
  readonly root: DirectoryNode;
}

/** The lock of one name; taken before locks of inodes. */
export function nameLock(directory: DirectoryNode, name: string): string {
  return `${directory.ino}/${name}`;
}

/** The lock of an inode's content and attributes; sorts and is taken after all locks of names. */
export function nodeLock(node: Node): string {
  return `inode ${node.ino}`;
}

/** @throws Failure `read-only` on a mount that may not change anything. */
export function assertWritable(context: Context): void {
  if (!context.mount.readOnly) return;
  throw new Failure('read-only', 'The file system is mounted read-only', {
    remedy: 'Mount it again without --read-only',
  });
}

/** @throws Failure `no-entry` where the directory was removed while it was still open. */
export function assertAttached(directory: DirectoryNode): void {
  if (directory.detached) throw new Failure('no-entry', 'The directory has been removed');
}
