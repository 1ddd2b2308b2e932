const KIB = 1024;
const MIB = 1024 * KIB;

/** Offsets at which something changes hands: a page, a FUSE request, a large FUSE request, a part of a transfer. */
export const EDGES: readonly (readonly [string, number])[] = [
  ['4-kib', 4 * KIB],
  ['128-kib', 128 * KIB],
  ['1-mib', MIB],
  ['5-mib', 5 * MIB],
  ['16-mib', 16 * MIB],
];
