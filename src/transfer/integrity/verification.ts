import { Failure } from '../../errors/failure.js';
import type { ChecksumAlgorithm, StoredChecksum } from '../../s3/checksums/algorithm.js';
import { combineChecksums, isCombinable } from '../../s3/checksums/combine.js';
import type { PartSink } from '../sinks.js';
import type { Verification } from '../transporter.js';
import { WholeDigest, type PartSizes } from './whole-digest.js';

/** The store's checksum of an object, with what it takes to compute it again. */
export interface ExpectedChecksum extends StoredChecksum {
  /** A composite checksum can not be computed without. */
  readonly partSizes?: PartSizes;
  /** Asks for the size of each part; present where `partSizes` follows from the first one and may be wrong. */
  readonly askPartSizes?: () => Promise<readonly number[] | undefined>;
}

/** A piece with its own checksum. */
export interface DigestedPart {
  readonly value: string;
  readonly sizeBytes: number;
}

/** The algorithm in which parts are summed up while they come: the store's, where sums of parts make that of the whole. */
export function partAlgorithm(expected: StoredChecksum | undefined): ChecksumAlgorithm {
  return expected !== undefined && usesPartSums(expected) ? expected.algorithm : 'CRC32';
}

/** Whether the sums of parts tell that of the whole; without it there is nothing to sum them up for. */
export function usesPartSums(expected: StoredChecksum | undefined): boolean {
  return expected?.type === 'FULL_OBJECT' && isCombinable(expected.algorithm);
}

/** A digest for bytes in order, or why there is none. */
export function wholeDigestFor(expected: ExpectedChecksum): WholeDigest | undefined {
  if (expected.type === 'COMPOSITE' && expected.partSizes === undefined) return undefined;
  return new WholeDigest(expected, expected.partSizes);
}

/**
 * Compares what came with what the store keeps. Checksums of parts are combined where the algorithm allows that; else
 * a file is read once more.
 *
 * @param parts - in order, in the algorithm of {@link partAlgorithm}; absent where they were not summed up one by one.
 * @throws Failure `bad-checksum`.
 */
export async function verifyWhole(
  key: string,
  sink: PartSink,
  expected: ExpectedChecksum | undefined,
  parts: readonly DigestedPart[] | undefined,
): Promise<Verification> {
  if (expected === undefined) return { verified: false, reason: 'the store keeps no checksum of the object' };
  const { algorithm, type } = expected;
  const by = `${algorithm} ${type}`;
  if (parts !== undefined && usesPartSums(expected)) {
    compare(key, combineChecksums(algorithm, 'FULL_OBJECT', parts).value, expected);
    return { verified: true, by };
  }
  const digest = sink.leaving ?? wholeDigestFor(expected);
  if (digest === undefined) {
    return { verified: false, reason: `${by} can not be computed: the sizes of the parts are not known` };
  }
  const guessed = await sink.digestWhole(digest);
  const value = guessed === expected.value ? guessed : await byTrueSizes(sink, expected, guessed);
  if (value === undefined) {
    return { verified: false, reason: `${by} needs the sizes of all parts before the bytes leave` };
  }
  compare(key, value, expected);
  return { verified: true, by };
}

/** Parts of other sizes than the first one give another value: that is no damage. */
async function byTrueSizes(
  sink: PartSink,
  expected: ExpectedChecksum,
  guessed: string | undefined,
): Promise<string | undefined> {
  const { partSizes, askPartSizes } = expected;
  const trueSizes = await askPartSizes?.();
  if (trueSizes?.slice(0, -1).every((sizeBytes) => sizeBytes === partSizes) !== false) return guessed;
  return sink.digestWhole(new WholeDigest(expected, trueSizes));
}

function compare(key: string, found: string, { algorithm, value }: StoredChecksum): void {
  if (found === value) return;
  throw new Failure(
    'bad-checksum',
    `${key}: its ${algorithm} is ${value}, that of the bytes here is ${found}`,
    {
      subject: key,
      remedy: 'Try again; where it stays, the object or the path to it is damaged',
    },
  );
}
