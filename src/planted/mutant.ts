import type { DiskTier } from '../cache/disk/disk-tier.js';
import type { Lane } from '../emulator/link/lane.js';
import type { Operation } from '../emulator/operations/request.js';
import type { FileSystem } from '../fs/operations.js';
import type { ObjectStore } from '../s3/store.js';
import type { Transporter } from '../transfer/transporter.js';

/** The seams at which a defect can be planted: contracts that the product has anyway. */
export interface Seams {
  readonly fileSystem: FileSystem;
  readonly store: ObjectStore;
  readonly transporter: Transporter;
  /** The cache on the local disk. */
  readonly diskTier: DiskTier;
  /** Of the embedded S3 server. */
  readonly server: Operation;
  /** The link before it, from the client to the server: one direction of one connection. */
  readonly uplink: Lane;
  /** And back. */
  readonly downlink: Lane;
}
export type SeamName = keyof Seams;

/** What differs from the sound one; the rest stays as it is. */
type Planting<Name extends SeamName> = (sound: Seams[Name]) => Partial<Seams[Name]>;

/** One defect that a suite must notice. */
export interface MutantOf<Name extends SeamName> {
  /** Unique: `lost-append`. */
  readonly id: string;
  /** What a user would see, in one sentence. */
  readonly sentence: string;
  readonly where: Name;
  /** Cases that are expected to notice, `SUITE:ID`, the cheapest first. */
  readonly expected: readonly string[];
  /** Called once each time the defect is switched on: it begins without a memory. */
  readonly plant: Planting<Name>;
}

export type Mutant = { [Name in SeamName]: MutantOf<Name> }[SeamName];

/** What a table of mutants says of each: id, sentence, expected cases, and how it is planted. */
type Row<Name extends SeamName> = readonly [
  id: string,
  sentence: string,
  expected: readonly string[],
  plant: Planting<Name>,
];

/** The mutants of one seam from a table. */
export function mutantsOf<Name extends SeamName>(
  where: Name,
  rows: readonly Row<Name>[],
): readonly MutantOf<Name>[] {
  return rows.map(([id, sentence, expected, plant]) => ({ id, sentence, where, expected, plant }));
}
