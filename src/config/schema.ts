import { z } from 'zod';
import { STORAGE_CLASSES } from './storage-class.js';
import {
  BOUNDS,
  CHOICES,
  DEFAULT_LOG_LEVEL,
  DEFAULT_REGION,
  DEFAULT_TCP_CONGESTION,
  TRANSFER_DEFAULTS,
} from './defaults.js';
import { storageClassRules } from './storage-class-rule-schema.js';
import { size } from './byte-count.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/**
 * The keys of `objectfs.yaml` with their defaults. Everything is reachable as a file key (`transfer.chunkSize`), as
 * an environment variable (`OBJECTFS_TRANSFER_CHUNK_SIZE`) and, where it matters to a command, as a flag.
 */
export const configSchema = z.strictObject({
  s3: z
    .strictObject({
      /** Absent: AWS itself. */
      endpoint: z.url().optional(),
      region: z.string().default(DEFAULT_REGION),
      accessKeyId: z.string().optional(),
      secretAccessKey: z.string().optional(),
      sessionToken: z.string().optional(),
      /** Bucket in the path; needed by most servers other than AWS. Absent: on where `endpoint` is set. */
      forcePathStyle: z.boolean().optional(),
      /**
       * `lean`: our own HTTP client, for a fraction of the CPU time of the AWS SDK; `sdk`: the AWS SDK. Absent: `lean`
       * for mounts and `objectfs cp`, where the CPU time of a request is what a user waits for; `sdk` for all else, which
       * is compared with mounts and transfers and so must not share their code.
       */
      client: z.enum(CHOICES.client).optional(),
      /**
       * The kernel's congestion control of each connection to S3 (Linux). `leave`: its own, which the administrator of the
       * host chose for all programs. It governs what is sent, so it is for uploads over paths that lose segments.
       */
      tcpCongestion: z.enum(CHOICES.tcpCongestion).default(DEFAULT_TCP_CONGESTION),
    })
    .prefault({}),
  mount: z
    .strictObject({
      /** `kernel`: our own protocol code; `fuse-native`: the libfuse 2 binding, the way to macOS. */
      binding: z.enum(['kernel', 'fuse-native']).default('kernel'),
      readOnly: z.boolean().default(false),
      allowOther: z.boolean().default(false),
      /** How long the kernel may keep attributes: 1 s bounds how stale a second client's change is seen. */
      attributeTtlMs: z.number().int().nonnegative().default(1000),
      entryTtlMs: z.number().int().nonnegative().default(1000),
      /** 0: a name made by another client shows at once; a positive value saves requests on missing names. */
      negativeTtlMs: z.number().int().nonnegative().default(0),
      /** Absent: the user's cache directory. */
      cacheDir: z.string().optional(),
      /**
       * Bytes of blocks kept on the disk of the cache folder; 0: none. 10 GiB hold a working set that memory does not,
       * and little of today's disks.
       */
      diskCache: size(0, 1024 * 1024 * GIB).default(10 * GIB),
      /**
       * Whether bytes that are read are compared with the checksum that the store keeps. `auto`: files of up to 1 MiB
       * before they are handed on; larger ones, where no TLS guards them, when all of their bytes have come: the last
       * read then fails (EIO) instead. `always`: larger ones over TLS too, for a third of a second of CPU time per 512 MiB.
       */
      verifyReads: z.enum(['auto', 'always', 'off']).default('auto'),
      /** On read-only mounts by root, the kernel reads whole cached files by itself. */
      passthrough: z.boolean().default(true),
      /**
       * Bytes on the local disk for files that are being written: over it a writer waits until parts of its file are on
       * S3 and their room is free again. 8 GiB hold what most programs write at one time.
       */
      stageLimit: size(16 * MIB, 1024 * GIB).default(8 * GIB),
      /**
       * Holes that a file may have when it is saved: an object has none, so each of their bytes is sent as a zero. A file
       * with more is refused (EFBIG) before anything is sent; while it is open it may have any size.
       */
      holeLimit: size(0, 5 * 1024 * GIB).default(16 * GIB),
      /**
       * A file over 32 MiB goes to S3 while it is written, and its metadata with the first part: its times are then those
       * of the first parts. `true`: one more copy on the server at close sets them to the last write.
       */
      exactTimes: z.boolean().default(false),
      /**
       * Names of user metadata for owner, mode and times: those of s3fs, or beside them the `file-*` names of the AWS
       * services (DataSync, File Gateway, FSx), which take about 150 of the 2,048 bytes of an object. All are read.
       */
      metadataDialect: z.enum(['s3fs', 's3fs-and-aws']).default('s3fs'),
      /**
       * Whether reading changes the time of access: `relatime` as Linux mounts by default, kept in memory until the
       * metadata are written for another reason, because each change by itself would be a copy of the object.
       */
      atime: z.enum(['relatime', 'noatime']).default('relatime'),
      /** What statfs(2) tells as the size. Absent: 1 PiB, all of it free. Nothing is refused for it. */
      capacity: size(0, 1024 * 1024 * 1024 * GIB).optional(),
      /**
       * How long the times of a directory may be ahead of its marker: a killed mount loses that much of them. 5 s: a burst
       * of changes costs one request. 0: they are written at fsync and unmount.
       */
      directoryTimesMs: z.number().int().min(0).max(3_600_000).default(5_000),
      /**
       * A small file that is rewritten with the bytes that S3 has already is not uploaded again: S3 copies the object onto
       * itself with the new times. Off: the comparison costs an MD5 of every rewritten file.
       */
      skipIdentical: z.boolean().default(false),
      /**
       * `close` returns when the file is safe on the local disk of the cache folder; it is uploaded later. Off: S3 holds it
       * then, so that neither this machine nor its disk is needed any more, and other clients see it.
       */
      writeBack: z.boolean().default(false),
      /**
       * Bytes of closed files that wait on the local disk for their upload; over it close waits. 1 GiB is what a line of
       * 1 Gbit/s uploads in about 10 s.
       */
      writeBackLimit: size(MIB, 1024 * GIB).default(GIB),
      /** Content-Type of new files: by the name's extension where it is known, or what S3 gives to all. */
      contentType: z.enum(['by-extension', 'octet-stream']).default('by-extension'),
      /** All buffers of the mount come from this budget. */
      memoryLimit: size(64 * MIB, 1024 * GIB).default(512 * MIB),
      /**
       * How long an operation goes on trying while the store does not answer. 60 s: longer than a server's restart or
       * a route change, shorter than the patience of most programs.
       */
      operationTimeoutMs: z.number().int().min(1_000).max(3_600_000).default(60_000),
      /** Absent: a file of its own for a background mount, stderr for one in the foreground. */
      logFile: z.string().optional(),
      /** Absent: no metrics. 0: a free port, which the log names. */
      metricsPort: z.number().int().min(0).max(65_535).optional(),
    })
    .prefault({}),
  transfer: z
    .strictObject({
      /** `off` sends every object with the plain client. */
      level: z.enum(CHOICES.level).default(TRANSFER_DEFAULTS.level),
      /** Size of every part, within what S3 allows. Absent: chosen from size and connections, 16 MiB at most. */
      chunkSize: size(...BOUNDS.chunkSize).optional(),
      /** Parts in flight. Absent: 8; of an upload of known length at level `aggressive` 16. */
      connections: z.number().int().min(BOUNDS.connections[0]).max(BOUNDS.connections[1]).optional(),
      /** How many of them are used after a loss (503, timeout, reset): `fixed` all of them, whatever happens. */
      congestion: z.enum(CHOICES.congestion).default(TRANSFER_DEFAULTS.congestion),
      /**
       * Bytes per second that all transfers of a process together may begin parts with: a ceiling for lines that others
       * use too. Absent: none.
       */
      targetThroughput: size(...BOUNDS.targetThroughput).optional(),
      /**
       * Ask a second time for a range that is slower than nearly all others of its transfer, and take what comes first.
       * Off: up to 5 % of the requests and their bytes are paid for twice, and only a path that stalls gains by it.
       */
      hedge: z.boolean().default(TRANSFER_DEFAULTS.hedge),
      /**
       * Threads that move the bodies of large requests of `objectfs cp` and `objectfs bench`, over the lean client. 0: on
       * two cores they make transfers slower (measured in docs/transporter.md).
       */
      workers: z
        .number()
        .int()
        .min(BOUNDS.workers[0])
        .max(BOUNDS.workers[1])
        .default(TRANSFER_DEFAULTS.workers),
      storageClass: z.enum(STORAGE_CLASSES).default(TRANSFER_DEFAULTS.storageClass),
      /** Classes by prefix, size and age of what is written: the first rule that fits, else `storageClass`. */
      storageClassRules: storageClassRules.default([...TRANSFER_DEFAULTS.storageClassRules]),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(CHOICES.logLevel).default(DEFAULT_LOG_LEVEL),
    })
    .prefault({}),
});

/** The resolved configuration. */
export type Config = z.infer<typeof configSchema>;
