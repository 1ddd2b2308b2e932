import { existsSync } from 'node:fs';
import {
  BOUNDS,
  CHOICES,
  DEFAULT_LOG_LEVEL,
  DEFAULT_REGION,
  DEFAULT_TCP_CONGESTION,
  TRANSFER_DEFAULTS,
} from './defaults.js';
import type { Config } from './schema.js';
import { parseSize } from './size.js';
import { STORAGE_CLASSES } from './storage-class.js';
import { AWS_VARIABLES, DEFAULT_FILE, switchFromText, variableOf } from './variables.js';

/** What a copy needs of the configuration. */
export type CopyConfig = Pick<Config, 's3' | 'transfer' | 'log'>;

export interface QuickSources {
  /** Given flags as text, by key path; `undefined` values do not count. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The value that the schema would make of a text; `undefined`: ask the schema. */
type Reader = (text: string) => string | number | boolean | undefined;

const asIs: Reader = (text) => text;

const READERS: Readonly<Record<string, Readonly<Record<string, Reader>>>> = {
  s3: {
    endpoint: (text) =>
      /^https?:\/\/[\w.-]+(:\d{1,5})?\/?$/.test(text) && URL.canParse(text) ? text : undefined,
    region: asIs,
    accessKeyId: asIs,
    secretAccessKey: asIs,
    sessionToken: asIs,
    forcePathStyle: switchFromText,
    client: oneOf(CHOICES.client),
    tcpCongestion: oneOf(CHOICES.tcpCongestion),
  },
  transfer: {
    level: oneOf(CHOICES.level),
    chunkSize: within(BOUNDS.chunkSize, bytesOf),
    connections: within(BOUNDS.connections, numberOf),
    congestion: oneOf(CHOICES.congestion),
    targetThroughput: within(BOUNDS.targetThroughput, bytesOf),
    hedge: switchFromText,
    workers: within(BOUNDS.workers, numberOf),
    storageClass: oneOf(STORAGE_CLASSES),
  },
  log: { level: oneOf(CHOICES.logLevel) },
};

/**
 * The configuration of a copy without the schema library and the reader of YAML, which take longer to load than a small
 * object takes to be copied. Only plain values of flags and variables are understood.
 *
 * @returns what `loadConfig` would; `undefined` where it has to be asked: a file, a list, a mistake.
 */
export function quickConfig({ flags, environment }: QuickSources): CopyConfig | undefined {
  if (environment['OBJECTFS_CONFIG'] !== undefined || existsSync(DEFAULT_FILE)) return undefined;
  const left = new Set(
    Object.keys(environment).filter((name) => /^OBJECTFS_(S3|MOUNT|TRANSFER|LOG)_/.test(name)),
  );
  const found: Record<string, Record<string, unknown>> = {};
  for (const [section, readers] of Object.entries(READERS)) {
    const values: Record<string, unknown> = (found[section] = {});
    for (const [name, read] of Object.entries(readers)) {
      const path = `${section}.${name}`;
      const variable = variableOf(section, name);
      left.delete(variable);
      const names = [variable, ...(AWS_VARIABLES[path] ?? [])];
      const text =
        flags[path] ?? names.map((given) => environment[given]).find((given) => (given ?? '') !== '');
      if (text === undefined) continue;
      const value = read(text);
      if (value === undefined) return undefined;
      values[name] = value;
    }
  }
  const { s3 = {}, transfer = {}, log = {} } = found;
  const isHalfKey = (s3['accessKeyId'] === undefined) !== (s3['secretAccessKey'] === undefined);
  if (left.size > 0 || isHalfKey) return undefined;
  return {
    s3: { region: DEFAULT_REGION, tcpCongestion: DEFAULT_TCP_CONGESTION, ...s3 },
    transfer: { ...TRANSFER_DEFAULTS, storageClassRules: [], ...transfer },
    log: { level: DEFAULT_LOG_LEVEL, ...log },
  };
}

function oneOf(choices: readonly string[]): Reader {
  return (text) => choices.find((choice) => choice === text);
}

function within(
  [least, most]: readonly [number, number],
  read: (text: string) => number | undefined,
): Reader {
  return (text) => {
    const value = read(text);
    return value !== undefined && value >= least && value <= most ? value : undefined;
  };
}

function numberOf(text: string): number | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;
}

function bytesOf(text: string): number | undefined {
  try {
    return parseSize(text);
  } catch {
    return undefined;
  }
}
