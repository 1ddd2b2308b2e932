import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '../config/schema.js';
import { Failure } from '../errors/failure.js';
import { createStore } from '../s3/client.js';
import type { S3Connection } from '../s3/connection.js';
import type { ObjectStore } from '../s3/store.js';
import type { StormArm } from '../report/storm-model.js';
import { createTransporter } from '../transfer/create.js';
import { connectionsOf } from '../transfer/plan.js';
import type { Transporter } from '../transfer/transporter.js';
import { TRANSPORTER_ARMS, type TransporterArm } from './arms.js';

/** Small: what is shown is a rate of requests, which bytes must not limit. */
const RANGE_BYTES = 16 * 1024;
const RANGES = 64;
/** Downloads at once of `optimized`, each with the configured connections. */
const FILES = 4;

/** Of the server's fault rules, what a storm is made of. */
interface ReadThrottle {
  readonly throttle: { readonly readsPerSecond: number; readonly per: 'bucket' };
}

interface RuleCount {
  readonly name: string;
  readonly matched: number;
  readonly fired: number;
}

export interface StormSite {
  readonly connection: S3Connection;
  readonly bucket: string;
  readonly control: {
    setFaults(rules: ReadThrottle | undefined): Promise<void> | void;
    faultCounts(): Promise<readonly RuleCount[]> | readonly RuleCount[];
  };
  /** For what is downloaded. */
  readonly folder: string;
}

export interface StormWish {
  readonly requestsPerSecond: number;
  readonly transfer: Config['transfer'];
  /** Not counted: a client has to learn the rate first. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/**
 * Downloads by `plain`, `sdk` and `optimized`, one arm after another, at a server that refuses reads above a rate. All
 * have as many requests under way: `optimized` as ranges of few objects, the others as many objects of one range's
 * size. Hedging is off, so that each answered request is one that was needed.
 *
 * @throws the signal's reason when it fires, and what the server says while the objects are made.
 */
export async function measureStorm(
  wish: StormWish,
  site: StormSite,
  signal: AbortSignal,
  onArm: (arm: TransporterArm) => void = () => undefined,
): Promise<StormArm[]> {
  const arms: StormArm[] = [];
  for (const arm of TRANSPORTER_ARMS) {
    onArm(arm);
    // A store of its own: what one arm has learnt is no help to the next.
    const store = createStore(site.connection, site.bucket);
    try {
      arms.push(await measureArm(arm, store, wish, site, signal));
    } finally {
      await site.control.setFaults(undefined);
      store.close();
    }
  }
  return arms;
}

async function measureArm(
  arm: TransporterArm,
  store: ObjectStore,
  { requestsPerSecond, transfer, warmUpMs, measuredMs }: StormWish,
  site: StormSite,
  signal: AbortSignal,
): Promise<StormArm> {
  const isOptimized = arm === 'optimized';
  const key = `storm-${arm}`;
  await store.put(key, randomBytes(RANGE_BYTES * (isOptimized ? RANGES : 1)), { signal });
  // Smaller ranges than the schema takes.
  const settings = { ...transfer, chunkSize: RANGE_BYTES, hedge: false };
  const transporter = createTransporter(arm, store, settings, { connection: site.connection });
  await site.control.setFaults({ throttle: { readsPerSecond: requestsPerSecond, per: 'bucket' } });
  const stop = new AbortController();
  const tally = { completed: 0, failed: 0, fellBack: 0 };
  const both = AbortSignal.any([signal, stop.signal]);
  const load = Array.from({ length: isOptimized ? FILES : FILES * connectionsOf(transfer) }, (_none, file) =>
    downloadOn(transporter, key, join(site.folder, `${key}-${file}`), tally, both),
  );
  try {
    await wait(warmUpMs, undefined, { signal });
    const before = await countsOf(site);
    await wait(measuredMs, undefined, { signal });
    const after = await countsOf(site);
    const asked = after.asked - before.asked;
    const refused = after.refused - before.refused;
    const elapsedMs = after.atMs - before.atMs;
    return {
      ...{ arm, measuredMs: elapsedMs, asked, refused, ...tally },
      goodputShare: (asked - refused) / ((requestsPerSecond * elapsedMs) / 1000),
      refusedShare: asked === 0 ? 0 : refused / asked,
    };
  } finally {
    stop.abort();
    await Promise.all(load);
  }
}

/** The same object again and again, until the signal fires. */
async function downloadOn(
  transporter: Transporter,
  key: string,
  path: string,
  tally: { completed: number; failed: number; fellBack: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { fallback } = await transporter.download(key, { kind: 'file', path }, { signal });
      tally.completed += 1;
      if (fallback !== undefined) tally.fellBack += 1;
    } catch (reason) {
      if (Failure.from(reason).kind !== 'cancelled') tally.failed += 1;
    }
  }
}

async function countsOf({ control }: StormSite) {
  const counts = await control.faultCounts();
  const throttle = counts.find(({ name }) => name === 'throttle');
  return { asked: throttle?.matched ?? 0, refused: throttle?.fired ?? 0, atMs: performance.now() };
}
