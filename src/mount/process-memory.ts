/** How V8 and the C library of a mount's process deal with memory; both must know it before the process starts. */

const MIB = 1024 * 1024;

/**
 * MiB that V8 lets grow before its first full collection. Blocks of files count as its heap: with the default of a few
 * MiB, reading 256 MiB took six collections and a quarter of the CPU time. Later limits follow what is in use.
 */
const FIRST_COLLECTION_MIB = 128;

/**
 * What is not collected yet is above the limit: V8 lets its heap grow by a tenth instead of to the fourfold, with 4 MiB
 * for new objects instead of 16. Reading 1 GiB is as fast with them as without.
 */
const SPARING_FLAGS = ['--heap-growing-percent=10', '--max-semi-space-size=4'];

/**
 * Of glibc: parts, which are larger, are given back at once. By default they soon lie between the blocks, and what is free
 * there is of little use: 70 MiB of 490 with a limit of 256 MiB, 64 readers and 64 writers.
 */
const LARGE_APART = ['glibc.malloc.mmap_threshold', MIB] as const;

/**
 * Of glibc 2.35: blocks are new memory until the limit is reached, and each small page of it is a fault. Reading 1 GiB
 * took 92,000 to 114,000 faults, with huge pages 8,000 to 10,000. They cost up to 80 MiB, so small limits go without.
 */
const HUGE_PAGES = ['glibc.malloc.hugetlb', 1] as const;
const HUGE_PAGES_FROM_MIB = 512;

/**
 * Command line flags of Node.
 *
 * @param memoryLimit - `mount.memoryLimit` in bytes.
 */
export function heapFlags(memoryLimit: number): readonly string[] {
  const halfMib = Math.floor(memoryLimit / 2 / MIB);
  return [`--initial-heap-size=${Math.min(FIRST_COLLECTION_MIB, halfMib)}`, ...SPARING_FLAGS];
}

/** Variables for the C library, which others than glibc ignore; what the user has set there stays. */
export function mallocSettings(
  memoryLimit: number,
  { GLIBC_TUNABLES: own = '' }: NodeJS.ProcessEnv,
): Record<string, string> {
  const tunables = memoryLimit < HUGE_PAGES_FROM_MIB * MIB ? [LARGE_APART] : [LARGE_APART, HUGE_PAGES];
  const missing = tunables.filter(([name]) => !own.includes(name)).map(([name, value]) => `${name}=${value}`);
  return { GLIBC_TUNABLES: [...missing, own].filter((part) => part !== '').join(':') };
}
