import { usageError } from '../errors/failure.js';

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/**
 * Reads a byte count such as `16MiB`, `1.5 GiB`, `64K` or `4096`.
 *
 * @throws Failure `usage` where the text is no size, or not a whole number of bytes.
 */
export function parseSize(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text);
  const factor = FACTORS[match?.[2] ?? 'none'];
  const bytes = factor === undefined ? NaN : Number(match?.[1]) * factor;
  if (!Number.isSafeInteger(bytes)) {
    throw usageError(
      `"${text}" is not a size`,
      'Write a whole number of bytes with a unit, such as 16MiB, 64K or 4096',
    );
  }
  return bytes;
}

/** A byte count for people, in binary units: `16 MiB`, `1.5 GiB`, `512 B`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(value < 10 ? 2 : 1))} ${units[unit] ?? 'B'}`;
}
