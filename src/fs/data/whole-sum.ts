import { combineChecksums } from '../../s3/checksums/combine.js';
import { base64OfCrc32 } from '../../s3/payload.js';

/** Neighbouring bytes and their CRC32. */
interface Run {
  readonly firstByte: number;
  readonly sizeBytes: number;
  readonly crc: number;
}

/** Runs are joined when there are twice as many as after the last time, so that joining costs each of them little. */
const JOIN_RUNS = 1024;
/** Of an object that is read in small pieces all over no sum is made: 3 MiB of them. */
const MOST_RUNS = 65_536;

/**
 * The CRC32 of an object that comes in blocks, in whatever order. Bytes that come again replace what was known of them,
 * with all neighbours that are joined with them.
 */
export class WholeSum {
  readonly #sizeBytes: number;
  /** In order, none over another. */
  #runs: Run[] = [];
  #coveredBytes = 0;
  #joinAt = JOIN_RUNS;

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  get isComplete(): boolean {
    return this.#coveredBytes === this.#sizeBytes;
  }

  add(run: Run): void {
    const end = run.firstByte + run.sizeBytes;
    // Mostly the next one of a reader in order: looked for from the end.
    const from = this.#runs.findLastIndex((known) => endOf(known) <= run.firstByte) + 1;
    let until = from;
    for (; (this.#runs[until]?.firstByte ?? Infinity) < end; until += 1) {
      this.#coveredBytes -= this.#runs[until]?.sizeBytes ?? 0;
    }
    this.#runs.splice(from, until - from, run);
    this.#coveredBytes += run.sizeBytes;
    if (this.#runs.length >= this.#joinAt) this.#join();
  }

  /** Of all bytes, as in `x-amz-checksum-crc32`. Call it when complete. */
  crc32(): string {
    return combined(this.#runs).toString('base64');
  }

  clear(): void {
    this.#runs = [];
    this.#coveredBytes = 0;
    this.#joinAt = JOIN_RUNS;
  }

  #join(): void {
    const groups: Run[][] = [];
    for (const run of this.#runs) {
      const group = groups.at(-1);
      const last = group?.at(-1);
      if (group !== undefined && last !== undefined && endOf(last) === run.firstByte) group.push(run);
      else groups.push([run]);
    }
    this.#runs = groups.map((group) => ({
      firstByte: group[0]?.firstByte ?? 0,
      sizeBytes: group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      crc: combined(group).readUInt32BE(),
    }));
    if (this.#runs.length > MOST_RUNS) this.clear();
    this.#joinAt = Math.max(JOIN_RUNS, 2 * this.#runs.length);
  }
}

function endOf({ firstByte, sizeBytes }: Run): number {
  return firstByte + sizeBytes;
}

/** Of neighbours: four bytes, most significant first. */
function combined(runs: readonly Run[]): Buffer {
  const parts = runs.map(({ sizeBytes, crc }) => ({ sizeBytes, value: base64OfCrc32(crc) }));
  return Buffer.from(combineChecksums('CRC32', 'FULL_OBJECT', parts).value, 'base64');
}
