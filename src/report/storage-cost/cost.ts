import type { StorageClass } from '../../config/storage-class.js';
import { CLASS_PRICES, TIERED_FROM_BYTES, UNREAD_TIERS, type ClassPrices } from './class-prices.js';

/** What is assumed of each object. */
export interface ObjectLife {
  readonly keepDays: number;
  /** Whole reads of each object. */
  readonly readsPerMonth: number;
}

/** What objects cost over their life, in US dollars, part by part. */
export interface StorageCost {
  /** Their own bytes while they are kept. */
  readonly storage: number;
  /** What small objects are charged over their size: a minimum, an index, a fee for each object. */
  readonly smallObjects: number;
  /** The days of the minimum that they are not kept. */
  readonly earlyDelete: number;
  /** One PUT each, and the GETs. */
  readonly requests: number;
  /** Bytes that are read, and requests that make them readable. */
  readonly retrieval: number;
  readonly total: number;
}

const GIB = 1024 ** 3;
/** S3 charges by the hour; its own examples take 30 days for a month. */
const MONTH_DAYS = 30;
const STANDARD_PER_GIB_MONTH = 0.023;

/** What objects of these sizes cost in one class. */
export function storageCost(
  prices: ClassPrices,
  sizesBytes: readonly number[],
  life: ObjectLife,
): StorageCost {
  return addUp(sizesBytes.map((sizeBytes) => objectCost(prices, sizeBytes, life)));
}

/** What objects cost of which each has its own class; `undefined` where a class has no price here. */
export function mixedCost(
  objects: readonly { readonly sizeBytes: number; readonly storageClass: StorageClass }[],
  life: ObjectLife,
): StorageCost | undefined {
  const costs = objects.map(({ sizeBytes, storageClass }) => {
    const prices = CLASS_PRICES.find((entry) => entry.storageClass === storageClass);
    return prices === undefined ? undefined : objectCost(prices, sizeBytes, life);
  });
  const known = costs.filter((cost) => cost !== undefined);
  return known.length < costs.length ? undefined : addUp(known);
}

type Parts = Omit<StorageCost, 'total'>;

function objectCost(prices: ClassPrices, sizeBytes: number, { keepDays, readsPerMonth }: ObjectLife): Parts {
  const months = keepDays / MONTH_DAYS;
  const reads = readsPerMonth * months;
  const gib = sizeBytes / GIB;
  const billedGib = Math.max(sizeBytes, prices.leastBilledBytes) / GIB;
  const { own, standard } = prices.addedBytes;
  const isTiered = prices.perObjectMonth > 0 && sizeBytes >= TIERED_FROM_BYTES;
  const storage =
    isTiered && readsPerMonth === 0 ? gib * unreadPrice(keepDays) : gib * prices.perGibMonth * months;
  const minimum = (billedGib - gib + own / GIB) * prices.perGibMonth * months;
  const index = (standard / GIB) * STANDARD_PER_GIB_MONTH * months;
  const missingMonths = Math.max(0, prices.leastDays - keepDays) / MONTH_DAYS;
  return {
    storage,
    smallObjects: minimum + index + (isTiered ? prices.perObjectMonth * months : 0),
    earlyDelete: billedGib * prices.perGibMonth * missingMonths,
    requests: prices.perWrite + reads * prices.perRead,
    retrieval: reads * (gib * prices.perGibRead + prices.perRestore),
  };
}

/** A GiB that nobody reads in INTELLIGENT_TIERING, tier by tier. */
function unreadPrice(keepDays: number): number {
  return UNREAD_TIERS.reduce((sum, { fromDay, perGibMonth }, index) => {
    const untilDay = Math.min(keepDays, UNREAD_TIERS[index + 1]?.fromDay ?? Infinity);
    return sum + (Math.max(0, untilDay - fromDay) / MONTH_DAYS) * perGibMonth;
  }, 0);
}

function addUp(costs: readonly Parts[]): StorageCost {
  const sum = (part: keyof Parts) => costs.reduce((total, cost) => total + cost[part], 0);
  const parts = {
    storage: sum('storage'),
    smallObjects: sum('smallObjects'),
    earlyDelete: sum('earlyDelete'),
    requests: sum('requests'),
    retrieval: sum('retrieval'),
  };
  return { ...parts, total: Object.values(parts).reduce((total, part) => total + part, 0) };
}
