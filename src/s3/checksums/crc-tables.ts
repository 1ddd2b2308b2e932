/** Slicing-by-8 (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation"). */
const SLICES = 8;

/** Eight tables of a reflected CRC of 32 bits. */
export function crc32Tables(polynomial: number): readonly Int32Array[] {
  const first = new Int32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (polynomial & -(crc & 1));
    first[byte] = crc;
  }
  const tables = [first];
  for (let slice = 1; slice < SLICES; slice += 1) {
    const before = tables[slice - 1] ?? first;
    tables.push(before.map((crc) => (crc >>> 8) ^ (first[crc & 255] ?? 0)));
  }
  return tables;
}

/** The same for 64 bits; each table once for the high and once for the low halves. */
export function crc64Tables(
  polynomialHigh: number,
  polynomialLow: number,
): { readonly high: readonly Int32Array[]; readonly low: readonly Int32Array[] } {
  const firstHigh = new Int32Array(256);
  const firstLow = new Int32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let [high, low] = [0, byte];
    for (let bit = 0; bit < 8; bit += 1) {
      const mask = -(low & 1);
      low = ((low >>> 1) | (high << 31)) ^ (polynomialLow & mask);
      high = (high >>> 1) ^ (polynomialHigh & mask);
    }
    firstHigh[byte] = high;
    firstLow[byte] = low;
  }
  const tables = { high: [firstHigh], low: [firstLow] };
  for (let slice = 1; slice < SLICES; slice += 1) {
    const high = tables.high[slice - 1] ?? firstHigh;
    const low = tables.low[slice - 1] ?? firstLow;
    tables.high.push(high.map((value, at) => (value >>> 8) ^ (firstHigh[(low[at] ?? 0) & 255] ?? 0)));
    tables.low.push(
      low.map((value, at) => ((value >>> 8) | ((high[at] ?? 0) << 24)) ^ (firstLow[value & 255] ?? 0)),
    );
  }
  return tables;
}
