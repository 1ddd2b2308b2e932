import type { Config } from '../../config/schema.js';
import type { FaultCount, FaultRules } from '../../emulator/faults/rules.js';
import type { ErrnoName } from '../../errors/errno.js';
import type { RequestCount } from '../../report/model.js';
import type { ObjectStore } from '../../s3/store.js';
import type { Transporter } from '../../transfer/transporter.js';
import type { RawReply } from './raw-request.js';
import type { Syscalls } from './syscalls.js';

/** What a case needs of target and machine; a case whose need is not met is `unsupported` or `skipped`, never passed. */
export const NEEDS = [
  'root', // the harness runs as uid 0
  'store', // a bucket stands behind the directory
  'remount', // the runner can stop and start the target
  'symlink',
  'hard-link',
  'mknod',
  'xattr',
  'chown',
  'rename-flags', // RENAME_NOREPLACE
  'rename-exchange',
  'fallocate',
  'seek-hole',
  'tmpfile', // O_TMPFILE of open(2)
  'lock',
  'mmap',
  'name-bytes', // names that are no UTF-8; open(2) allows a file system to refuse them with EINVAL
  'verified-reads', // what is read is compared with a checksum of the store
  'request-counts', // a server that counts, and a target that keeps to a number of requests
  'faults', // a server that fails as it is told
  'second-mount', // the runner can mount the same bucket once more
  's3fs-client', // the runner can mount the same bucket by s3fs too
  'rclone-client', // the same by rclone
  'target-settings', // the target's limits can be set
  'disk-cache', // the target keeps what it has read on the local disk
  // What the S3 server does with a Range header that selects nothing, is no byte range or several, or has a condition; RFC 9110 leaves it a choice.
  'range-suffix-of-none',
  'range-first-after-last',
  'range-no-numbers',
  'range-several',
  'range-if-range',
] as const;
export type Need = (typeof NEEDS)[number];

/** Programs of others that the runner can mount the bucket of the target by; each is a need too, as `s3fs-client`. */
export const OTHER_CLIENTS = ['s3fs', 'rclone'] as const;
export type OtherClient = (typeof OTHER_CLIENTS)[number];

/** One for each of {@link OTHER_CLIENTS}. */
export const CLIENT_NEEDS = OTHER_CLIENTS.map(
  (client) => `${client}-client` as const,
) satisfies readonly Need[];

/** What a case costs: `quick` ones run before each commit, `full` ones before each release, `soak` ones for hours. */
export const TIERS = ['quick', 'full', 'soak'] as const;
export type Tier = (typeof TIERS)[number];

/** One check of a suite: data plus a small body. */
export interface CaseDefinition {
  /** Stable, unique in its suite: `rename/enotdir-when-prefix-is-a-file`. */
  readonly id: string;
  /** One sentence that is true when the case passes. */
  readonly says: string;
  /** The operations under test: `rename`, `open`. Counted in the report as covered / applicable / total. */
  readonly operations: readonly string[];
  readonly needs?: readonly Need[];
  /** @defaultValue 10,000: a case of plain file operations that takes longer hangs. */
  readonly timeoutMs?: number;
  /** How long one call may wait for the file system, however long the case may take. @defaultValue 90,000 */
  readonly callTimeoutMs?: number;
  /** The least tier that runs it. @defaultValue `quick`: most cases take milliseconds. */
  readonly tier?: Tier;
  run(context: CaseContext): Promise<void>;
}

/** What a case may use. */
export interface CaseContext {
  /** A fresh empty directory on the target, made for this case. */
  readonly directory: string;
  /** A path below `directory`. */
  readonly path: (...segments: readonly string[]) => string;
  readonly signal: AbortSignal;
  /** The run's seed mixed with the case's id. */
  readonly seed: number;
  /** Seeded, uniform in [0, 1). */
  random(): number;
  /** Seeded content: the same seed and length give the same bytes. */
  bytes(lengthBytes: number, salt?: number): Buffer;
  /** System calls that Node lacks. */
  readonly sys: Syscalls;
  /** Passes when `action` rejects or throws with one of these errno names; fails otherwise, also on success. */
  expectErrno(expected: ErrnoName | readonly ErrnoName[], action: () => unknown): Promise<void>;
  /** The bucket behind the target, spoken to directly. Present where the case needs `store`. */
  readonly store: DirectStore;
  /** Present where the case needs something that the runner does: `remount`, `faults`, `second-mount` and the like. */
  readonly control: TargetControl;
  /** Absolute paths of the real files of `fixtures/` with their known digests. */
  readonly fixtures: readonly FixtureFile[];
  /** Whether target and machine have this: for cases that leave out a part of their work instead of being skipped. */
  has(need: Need): boolean;
  /** Something that the case has measured, for the report: `stat fresh after 1,003 ms at p100`. Decides nothing. */
  note(text: string): void;
  /** Ends the case as `skipped` with this reason. */
  skip(reason: string): never;
}

/** The S3 side of the target. */
export interface DirectStore extends ObjectStore {
  /** The key that a path below `directory` has in the bucket. */
  keyOf(path: string): string;
  /** With the run's transfer settings, some of them replaced. */
  transporter(name: 'plain' | 'sdk' | 'optimized', settings?: Partial<Config['transfer']>): Transporter;
  /** A signed GET with headers of one's own (`range`); answers with any status, throws only where no reply comes. */
  rawGet(key: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<RawReply>;
}

/** What may happen to a file of a cache: a byte in its middle changes, or its second half is gone. */
export const CACHE_DAMAGES = ['flip', 'cut'] as const;
export type CacheDamage = (typeof CACHE_DAMAGES)[number];

/**
 * Where a target reads keys that may change: the shared credentials file, which has long-lived ones, or the program of
 * `credential_process`, which has those of a session. The AWS tools' own words.
 */
export const CREDENTIAL_SOURCES = ['credentials-file', 'credential-process'] as const;
export type CredentialSource = (typeof CREDENTIAL_SOURCES)[number];

/** Limits of a target that a case chooses. What is absent is as the user has it. */
export interface TargetSettings {
  readonly memoryLimitBytes?: number;
  /** How long one operation goes on trying while the store does not answer. */
  readonly operationTimeoutMs?: number;
  /** The local disk that the target keeps its cache on is this small and its own. Needs `root`. */
  readonly cacheDiskBytes?: number;
  /** What the target has kept of objects on its disk stays, and each file of it is damaged while the target is down. */
  readonly cacheDamage?: CacheDamage;
  /** It is given no keys but those of a guest of the server, in a profile. Needs `faults`. */
  readonly credentials?: CredentialSource;
}

/** Of the target's process, as /proc tells. */
export interface ProcessFacts {
  readonly pid: number;
  readonly rssBytes: number;
  /** The most since the process began. */
  readonly peakRssBytes: number;
}

/** Commands to the runner, which owns the target's process. What they change is put back when the case ends. */
export interface TargetControl {
  /**
   * Stops the target cleanly and starts it again with a cold cache.
   *
   * @param settings - Until the next remount. Needs `target-settings`.
   */
  remount(settings?: TargetSettings): Promise<void>;
  /** Ends the target with SIGKILL, whatever it is at, and starts it again. Open descriptors are dead then. */
  crash(): Promise<void>;
  /**
   * Ends the target with SIGTERM and starts it again when it is gone. Open descriptors are dead then.
   *
   * @returns What it said of data that could not be saved; undefined: it ended as after a clean stop.
   */
  terminate(): Promise<string | undefined>;
  process(): Promise<ProcessFacts>;
  /**
   * Another directory with the content of the case's own, on a second mount of the same bucket. There is one at a time,
   * and it stays until the case ends or asks for another client's.
   *
   * @param client - Needs `s3fs-client` or `rclone-client`; it keeps names and attributes for minutes, so let it be
   *   mounted after what it is to see. Absent: the target's own program, which needs `second-mount`.
   */
  secondMount(client?: OtherClient): Promise<string>;
  /** Ends the second mount: the bucket holds all that was written and closed there. Rejects where that failed. */
  endSecondMount(): Promise<void>;
  /**
   * What goes wrong at the server from the next request on, counted anew; undefined: nothing. It meets requests of the
   * case's own `store` too. Needs `faults`.
   */
  setFaults(rules: FaultRules | undefined): Promise<void>;
  /** How often each rule fitted and fired. Needs `faults`. */
  faultCounts(): Promise<readonly FaultCount[]>;
  /**
   * What the target says of its cache since it was mounted, by the counter's name as in `objectfs status --json`. Needs
   * `disk-cache` and `target-settings`.
   */
  cacheCounters(): Promise<Readonly<Record<string, number>>>;
  /**
   * `false`: the server's port is closed, connections end, and new ones are refused (ECONNREFUSED), those of the case's
   * own `store` too. Needs `faults`.
   */
  setReachable(isReachable: boolean): Promise<void>;
  /**
   * The profile of a target that was remounted with `credentials` has other keys, and then the server refuses those of
   * before. It meets the target only, not the case's own `store`. Needs `faults`.
   */
  rotateCredentials(): Promise<void>;
  /** What the embedded server was asked since it runs, by operation. Needs `request-counts`. */
  requestCounts(): Promise<readonly RequestCount[]>;
}

export interface FixtureFile {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** A group of cases: one file of a suite, run in one worker. */
export interface CaseGroup {
  /** `posix`, `integrity`, `range`, `stress`, `throughput`. */
  readonly suite: string;
  /** The file's own name: `rename`. */
  readonly group: string;
  readonly cases: readonly CaseDefinition[];
}
