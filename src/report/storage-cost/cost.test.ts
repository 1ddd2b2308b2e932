import type { StorageClass } from '../../config/storage-class.js';
import { CLASS_PRICES, type ClassPrices } from './class-prices.js';
import { mixedCost, storageCost } from './cost.js';

const GIB = 1024 ** 3;
const KIB = 1024;

function pricesOf(storageClass: StorageClass): ClassPrices {
  const found = CLASS_PRICES.find((prices) => prices.storageClass === storageClass);
  if (found === undefined) throw new Error(storageClass);
  return found;
}

const month = { keepDays: 30, readsPerMonth: 0 };

test('a GiB in STANDARD for a month costs 2.3 cents and a PUT, and nothing for going early', () => {
  expect(storageCost(pricesOf('STANDARD'), [GIB], month)).toEqual({
    ...{ storage: 0.023, smallObjects: 0, earlyDelete: 0, requests: 0.000005, retrieval: 0 },
    total: 0.023005,
  });
  expect(storageCost(pricesOf('STANDARD'), [GIB], { ...month, keepDays: 1 }).earlyDelete).toBe(0);
});

test('in STANDARD_IA 4 KiB are charged as 128 KiB: 31 of 32 parts are the minimum', () => {
  const { storage, smallObjects } = storageCost(pricesOf('STANDARD_IA'), [4 * KIB], month);
  expect(smallObjects / storage).toBeCloseTo(31);
  expect(storageCost(pricesOf('STANDARD_IA'), [128 * KIB], month).smallObjects).toBe(0);
});

test('what goes after 10 of 90 days in GLACIER_IR pays for the other 80, at its minimum size', () => {
  const { storage, earlyDelete } = storageCost(pricesOf('GLACIER_IR'), [GIB], { ...month, keepDays: 10 });
  expect(earlyDelete / storage).toBeCloseTo(8);
  const small = storageCost(pricesOf('GLACIER_IR'), [KIB], { ...month, keepDays: 10 });
  expect(small.earlyDelete / small.storage).toBeCloseTo(8 * 128);
});

test('an object of DEEP_ARCHIVE has 32 KiB of its own class and 8 KiB of STANDARD beside it', () => {
  const { smallObjects } = storageCost(pricesOf('DEEP_ARCHIVE'), [0], month);
  expect(smallObjects).toBeCloseTo((32 * 0.00099 + 8 * 0.023) / 1024 ** 2, 12);
});

test('two reads a month of a GiB in GLACIER: two restores, two GiB, two GETs', () => {
  const cost = storageCost(pricesOf('GLACIER'), [GIB], { keepDays: 30, readsPerMonth: 2 });
  expect(cost.retrieval).toBeCloseTo(2 * 0.01 + 0.0001);
  expect(cost.requests).toBeCloseTo(0.00003 + 0.0000008);
});

test('INTELLIGENT_TIERING moves what nobody reads, and neither watches nor moves small objects', () => {
  const unread = { keepDays: 120, readsPerMonth: 0 };
  const large = storageCost(pricesOf('INTELLIGENT_TIERING'), [GIB], unread);
  expect(large.storage).toBeCloseTo(0.023 + 2 * 0.0125 + 0.004);
  expect(large.smallObjects).toBeCloseTo(4 * 0.0000025);
  const small = storageCost(pricesOf('INTELLIGENT_TIERING'), [127 * KIB], unread);
  expect([small.storage / (127 * KIB), small.smallObjects]).toEqual([
    expect.closeTo((4 * 0.023) / GIB, 15),
    0,
  ]);
  const read = storageCost(pricesOf('INTELLIGENT_TIERING'), [GIB], { ...unread, readsPerMonth: 1 });
  expect(read.storage).toBeCloseTo(4 * 0.023);
});

test('objects of several classes add up; a class without a price makes the sum unknown', () => {
  const objects = [
    { sizeBytes: GIB, storageClass: 'STANDARD' },
    { sizeBytes: GIB, storageClass: 'GLACIER_IR' },
  ] as const;
  expect(mixedCost(objects, month)?.storage).toBeCloseTo(0.027);
  expect(mixedCost([{ sizeBytes: GIB, storageClass: 'REDUCED_REDUNDANCY' }], month)).toBeUndefined();
});
