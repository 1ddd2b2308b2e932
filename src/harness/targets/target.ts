import type { Config } from '../../config/schema.js';
import type { S3Connection } from '../../s3/connection.js';
import type { TargetSettings } from '../api/case.js';
import type { UnmetNeed } from '../api/protocol.js';
import type { ProcessIdentity } from '../processes.js';

/** The bucket that a target shows as a directory. */
export interface TargetStore {
  readonly connection: S3Connection;
  readonly bucket: string;
  /** Part of every key, ends in `/`; empty for the whole bucket. */
  readonly prefix: string;
}

/** Where and on what a target is started; the same place again restarts it. */
export interface TargetPlace {
  readonly runId: string;
  /** Own folder of this target on the local disk; exists, belongs to the run. */
  readonly folder: string;
  /** Absent for a target that has no bucket. */
  readonly store?: TargetStore;
  readonly config: Config;
  /** What the mount before kept of objects on the local disk may be read. @defaultValue false: a mount shows what S3 holds */
  readonly keepsBlocks?: boolean;
  /** What is seen of a hang is written down: a daemon of ours is started so that it can tell where it is. @defaultValue false */
  readonly looksIntoHangs?: boolean;
  /** What a case wants otherwise; a target that can not do it declares `target-settings` as unmet. */
  readonly settings?: TargetSettings;
  /** Called before a mount point, process or outside folder comes to be, so that a sweep can find it. */
  readonly record: TargetRecorder;
}

export interface TargetRecorder {
  mount(mountPoint: string): Promise<void>;
  daemon(process: ProcessIdentity): Promise<void>;
  folder(folder: string): Promise<void>;
}

/** A target that answers. */
export interface RunningTarget {
  /** Root under test; the same after each start at the same place. */
  readonly directory: string;
  /** Present where `directory` lies on a mount of the target. */
  readonly mountPoint?: string;
  /** Of the daemon; absent where the runner has not started it. */
  readonly pid?: number;
  /** Waits until the bucket holds all that was written and closed. Absent: `close` returns only then. */
  settle?(signal: AbortSignal): Promise<void>;
  /** What it says of its cache, by the counter's name. Absent: it says nothing. */
  cacheCounters?(): Promise<Readonly<Record<string, number>>>;
  /** Unsaved data first, then gone. @throws Failure where something could not be saved or released. */
  stop(signal: AbortSignal): Promise<void>;
  /**
   * Sends SIGTERM and waits until the process is gone. Absent: the runner has not started it.
   *
   * @returns What it said of data that it could not save; undefined: it ended as after `stop`.
   */
  terminate?(signal: AbortSignal): Promise<string | undefined>;
  /** Ends a target that may no longer answer, in bounded time; never throws. Data may be lost. */
  kill(): Promise<void>;
}

/** The bucket of a mount that is there already: named by the user, never made and never removed. */
export interface GivenBucket {
  readonly bucket: string;
  /** Ends in `/`; empty for the whole bucket. */
  readonly prefix: string;
}

/** A file system under test. */
export interface TargetDriver {
  /** As on the command line and in reports: `objectfs`, `rclone:full`, `dir:/path`. */
  readonly name: string;
  readonly version: string;
  /** Whether a bucket stands behind it. */
  readonly needsStore: boolean;
  /** `true`: the bucket holds a format of its own, not one object per file. */
  readonly ownFormat?: boolean;
  /** Present: this bucket stands behind it, and the run makes none. */
  readonly given?: GivenBucket;
  /** What cases can not have here; every other need is met. */
  readonly unmet: readonly UnmetNeed[];
  /** Known differences that a reader of the report must know. */
  readonly quirks: readonly string[];
  start(place: TargetPlace, signal: AbortSignal): Promise<RunningTarget>;
}
