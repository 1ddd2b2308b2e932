import type { StorageClass } from '../../config/storage-class.js';
import { PRICES_AS_OF } from '../prices.js';

/** What one storage class costs, in US dollars. */
export interface ClassPrices {
  readonly storageClass: StorageClass;
  /** The first 50 TB of a month. A GB of S3 has 1024^3 bytes. */
  readonly perGibMonth: number;
  /** PUT, COPY, POST and LIST. */
  readonly perWrite: number;
  /** GET and all other requests. */
  readonly perRead: number;
  /** Each GiB that is read. */
  readonly perGibRead: number;
  /** The request that makes an archived object readable (tier Standard); 0: it is readable at once. */
  readonly perRestore: number;
  /** Smaller objects are charged as if they had this size. */
  readonly leastBilledBytes: number;
  /** Objects that go earlier are charged for the rest of it. */
  readonly leastDays: number;
  /** Added to each object: charged at the price of the class, and at that of STANDARD. */
  readonly addedBytes: { readonly own: number; readonly standard: number };
  /** A month for each object of at least {@link TIERED_FROM_BYTES}. */
  readonly perObjectMonth: number;
}

const KIB = 1024;
const NOTHING = {
  perGibRead: 0,
  perRestore: 0,
  leastBilledBytes: 0,
  leastDays: 0,
  addedBytes: { own: 0, standard: 0 },
  perObjectMonth: 0,
};
/** S3 Glacier Flexible Retrieval and Deep Archive keep an index and the name of each object. */
const ARCHIVE_INDEX = { own: 32 * KIB, standard: 8 * KIB };

/** INTELLIGENT_TIERING neither watches nor moves smaller objects. */
export const TIERED_FROM_BYTES = 128 * KIB;

/** What an object of INTELLIGENT_TIERING costs a GiB and month after so many days in which nobody has read it. */
export const UNREAD_TIERS: readonly { readonly fromDay: number; readonly perGibMonth: number }[] = [
  { fromDay: 0, perGibMonth: 0.023 },
  { fromDay: 30, perGibMonth: 0.0125 },
  { fromDay: 90, perGibMonth: 0.004 },
];

/** Where the numbers come from. */
export const STORAGE_PRICES_SOURCE =
  `us-east-1, on demand, as of ${PRICES_AS_OF}, from published copies of https://aws.amazon.com/s3/pricing/: look there ` +
  'before you rely on them; minimum sizes and days: S3 User Guide, "Understanding and managing Amazon S3 storage classes"';

/**
 * Prices by class. REDUCED_REDUNDANCY is not among them: the price page does not list it any more. Data transfer out of
 * AWS costs the same for all.
 */
export const CLASS_PRICES: readonly ClassPrices[] = [
  {
    ...NOTHING,
    storageClass: 'STANDARD',
    perGibMonth: 0.023,
    perWrite: 0.005 / 1000,
    perRead: 0.0004 / 1000,
  },
  {
    ...NOTHING,
    storageClass: 'INTELLIGENT_TIERING',
    perGibMonth: 0.023,
    perWrite: 0.005 / 1000,
    perRead: 0.0004 / 1000,
    perObjectMonth: 0.0025 / 1000,
  },
  {
    ...NOTHING,
    storageClass: 'STANDARD_IA',
    perGibMonth: 0.0125,
    perWrite: 0.01 / 1000,
    perRead: 0.001 / 1000,
    perGibRead: 0.01,
    leastBilledBytes: 128 * KIB,
    leastDays: 30,
  },
  {
    ...NOTHING,
    storageClass: 'ONEZONE_IA',
    perGibMonth: 0.01,
    perWrite: 0.01 / 1000,
    perRead: 0.001 / 1000,
    perGibRead: 0.01,
    leastBilledBytes: 128 * KIB,
    leastDays: 30,
  },
  {
    ...NOTHING,
    storageClass: 'GLACIER_IR',
    perGibMonth: 0.004,
    perWrite: 0.02 / 1000,
    perRead: 0.01 / 1000,
    perGibRead: 0.03,
    leastBilledBytes: 128 * KIB,
    leastDays: 90,
  },
  {
    ...NOTHING,
    storageClass: 'GLACIER',
    perGibMonth: 0.0036,
    perWrite: 0.03 / 1000,
    perRead: 0.0004 / 1000,
    perGibRead: 0.01,
    perRestore: 0.05 / 1000,
    leastDays: 90,
    addedBytes: ARCHIVE_INDEX,
  },
  {
    ...NOTHING,
    storageClass: 'DEEP_ARCHIVE',
    perGibMonth: 0.00099,
    perWrite: 0.05 / 1000,
    perRead: 0.0004 / 1000,
    perGibRead: 0.02,
    perRestore: 0.1 / 1000,
    leastDays: 180,
    addedBytes: ARCHIVE_INDEX,
  },
];
