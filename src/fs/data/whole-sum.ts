import { combineChecksums } from '../../s3/checksums/combine.js';
import { base64OfCrc32 } from '../../s3/payload.js';

/** Neighbouring bytes and their CRC32. */
interface Run {
  readonly firstByte: number;
  readonly sizeBytes: number;
  readonly crc: number;
}

/** 256 GiB in ranges of 4 MiB; of an object that is read in smaller pieces than that all over, no sum is made. */
const MOST_RUNS = 65_536;

/**
 * The CRC32 of an object that comes in ranges, in whatever order. Bytes that come again replace what was known of them,
 * with the whole range in which they came before.
 */
export class WholeSum {
  readonly #sizeBytes: number;
  /** In order, none over another. */
  #runs: Run[] = [];
  #coveredBytes = 0;

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  get isComplete(): boolean {
    return this.#coveredBytes === this.#sizeBytes;
  }

  add(run: Run): void {
    if (run.sizeBytes === 0) return;
    const end = run.firstByte + run.sizeBytes;
    // Mostly the next one of a reader in order: looked for from the end.
    const from = this.#runs.findLastIndex((known) => known.firstByte + known.sizeBytes <= run.firstByte) + 1;
    let until = from;
    for (; (this.#runs[until]?.firstByte ?? Infinity) < end; until += 1) {
      this.#coveredBytes -= this.#runs[until]?.sizeBytes ?? 0;
    }
    this.#runs.splice(from, until - from, run);
    this.#coveredBytes += run.sizeBytes;
    if (this.#runs.length > MOST_RUNS) this.clear();
  }

  /** Of all bytes, as in `x-amz-checksum-crc32`. Call it when complete. */
  crc32(): string {
    const parts = this.#runs.map(({ sizeBytes, crc }) => ({ sizeBytes, value: base64OfCrc32(crc) }));
    return combineChecksums('CRC32', 'FULL_OBJECT', parts).value;
  }

  clear(): void {
    this.#runs = [];
    this.#coveredBytes = 0;
  }
}
