import type { Config } from '../../config/schema.js';
import { chooseStorageClass } from '../../config/storage-class-rules.js';
import { formatSize } from '../../config/size.js';
import { usageError } from '../../errors/failure.js';
import { listData, loadFixtures } from '../../harness/fixtures.js';
import { formatCount } from '../../report/format.js';
import {
  CLASS_PRICES,
  STORAGE_PRICES_SOURCE,
  TIERED_FROM_BYTES,
} from '../../report/storage-cost/class-prices.js';
import { mixedCost, storageCost, type ObjectLife, type StorageCost } from '../../report/storage-cost/cost.js';
import { factsOf } from '../../transfer/storage-facts.js';

export interface CostWish {
  /** Absent: the fixtures of the package. */
  readonly dataDir?: string | undefined;
  /** @defaultValue {@link DEFAULT_KEEP_DAYS} */
  readonly keepDays?: number | undefined;
  /** @defaultValue 0: what is kept in cold classes is hardly read */
  readonly readsPerMonth?: number | undefined;
}

/** Longer than the longest minimum (180 days), so that a first look shows what a class costs and not a mistake. */
export const DEFAULT_KEEP_DAYS = 365;
/** A century, so that a slip of the keyboard is told. */
const MOST_DAYS = 36_500;
const MOST_READS = 1e9;

/**
 * What a folder would cost in each storage class, as text.
 *
 * @throws Failure `usage` for days or reads that are no possible number, and for an unusable folder.
 */
export async function describeCost(
  wish: CostWish,
  transfer: Config['transfer'],
  signal: AbortSignal,
): Promise<string> {
  const life = lifeOf(wish);
  const { dataDir } = wish;
  const files = dataDir === undefined ? await loadFixtures() : await listData(dataDir, signal);
  const chosen = [];
  for (const file of files) {
    signal.throwIfAborted();
    chosen.push(await chosenClass(file, transfer));
  }
  const sizes = chosen.map(({ sizeBytes }) => sizeBytes);
  const rows: CostRow[] = CLASS_PRICES.map((prices) => ({
    name: prices.storageClass,
    cost: storageCost(prices, sizes, life),
  }));
  const configured = mixedCost(chosen, life);
  if (configured !== undefined) rows.push({ name: 'as configured', cost: configured });
  const classes = [...new Set(chosen.map(({ storageClass }) => storageClass))].join(', ');
  return [
    headline(sizes, life),
    '',
    ...table(rows),
    '',
    `Small objects: the minimum of 128 KiB, 40 KiB of index in GLACIER and DEEP_ARCHIVE, and the fee for each object of`,
    `INTELLIGENT_TIERING. As configured (transfer.storageClass and its rules) means ${classes}; nothing was changed.`,
    `Left out: traffic out of AWS, parts of multipart uploads, the copies that a restore keeps readable, taxes.`,
    `Prices: ${STORAGE_PRICES_SOURCE}.`,
    '',
  ].join('\n');
}

async function chosenClass({ name, path }: { name: string; path: string }, transfer: Config['transfer']) {
  const facts = await factsOf(name, { kind: 'file', path });
  return { sizeBytes: facts.leastBytes, storageClass: chooseStorageClass(transfer, facts) };
}

function lifeOf({ keepDays = DEFAULT_KEEP_DAYS, readsPerMonth = 0 }: CostWish): ObjectLife {
  if (!(keepDays > 0 && keepDays <= MOST_DAYS))
    throw usageError(
      `--keep-days takes days, not ${keepDays}`,
      `Give a number above 0, at most ${MOST_DAYS}`,
    );
  if (!(readsPerMonth >= 0 && readsPerMonth <= MOST_READS))
    throw usageError(
      `--reads-per-month takes a count, not ${readsPerMonth}`,
      'Give 0 or more: whole reads of each object',
    );
  return { keepDays, readsPerMonth };
}

function headline(sizes: readonly number[], { keepDays, readsPerMonth }: ObjectLife): string {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const small = sizes.filter((size) => size < TIERED_FROM_BYTES).length;
  return (
    `${formatCount(sizes.length)} objects, ${formatSize(bytes)}, ${formatCount(small)} of them under 128 KiB; ` +
    `kept for ${keepDays} days, each read ${readsPerMonth} times a month. US dollars for all of that time:`
  );
}

const COLUMNS: readonly (readonly [keyof StorageCost, string])[] = [
  ['storage', 'storage'],
  ['smallObjects', 'small objects'],
  ['earlyDelete', 'early delete'],
  ['requests', 'requests'],
  ['retrieval', 'retrieval'],
  ['total', 'total'],
];

interface CostRow {
  readonly name: string;
  readonly cost: StorageCost;
}

function table(rows: readonly CostRow[]): string[] {
  const text = [
    ['class', ...COLUMNS.map(([, title]) => title)],
    ...rows.map(({ name, cost }) => [name, ...COLUMNS.map(([part]) => dollars(cost[part]))]),
  ];
  const widths = text[0]?.map((_cell, column) => Math.max(...text.map((row) => row[column]?.length ?? 0)));
  return text.map((row) =>
    row
      .map((cell, column) => {
        const width = widths?.[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  '),
  );
}

/** Four digits that matter: small folders cost fractions of a cent. */
function dollars(amount: number): string {
  if (amount === 0) return '0';
  return amount >= 100 ? formatCount(Math.round(amount)) : String(Number(amount.toPrecision(4)));
}
