/**
 * Defaults of the sections that a copy needs, apart from the schema: a process that only copies has them without
 * loading it. The schema takes them from here.
 */
export const DEFAULT_REGION = 'us-east-1';

/** The kernel's own: what a host's administrator chose for all programs is no business of one of them. */
export const DEFAULT_TCP_CONGESTION = 'leave';

export const TRANSFER_DEFAULTS = {
  level: 'standard',
  congestion: 'cubic',
  hedge: false,
  workers: 0,
  storageClass: 'STANDARD',
  storageClassRules: [],
} as const;

export const DEFAULT_LOG_LEVEL = 'info';

/** The values of keys with a fixed set of them. */
export const CHOICES = {
  client: ['sdk', 'lean'],
  tcpCongestion: ['leave', 'cubic', 'bbr', 'reno'],
  level: ['off', 'standard', 'aggressive'],
  congestion: ['fixed', 'cubic', 'bbr'],
  logLevel: ['fatal', 'error', 'warn', 'info', 'debug', 'trace'],
} as const;

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Bounds of numbers, both ends allowed. */
export const BOUNDS = {
  chunkSize: [5 * MIB, 5 * GIB],
  connections: [1, 256],
  workers: [0, 16],
  targetThroughput: [64 * 1024, 1024 * GIB],
} as const;
