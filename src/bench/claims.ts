import type { ComparedArm, ProgramArm } from './arms.js';
import { OPERATIONS, type OperationName } from './plan.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * What is bounded: speed against another arm, share of the link's capacity, CPU time against another arm, and the 99th
 * percentile of what somebody else waits for small objects meanwhile, against another arm.
 */
export type ClaimMetric =
  | { readonly kind: 'speed'; readonly against: ComparedArm; readonly least: number }
  | { readonly kind: 'capacity'; readonly least: number }
  | { readonly kind: 'cpu'; readonly against: ComparedArm; readonly most: number }
  | { readonly kind: 'beside'; readonly against: ComparedArm; readonly most: number };

/** One line of what the project says of its transfers. */
export interface Claim {
  /** Name of the link. */
  readonly profile: string;
  readonly operation: OperationName;
  readonly sizeBytes: number;
  readonly arm: ComparedArm;
  readonly metric: ClaimMetric;
}

/** Claims that one experiment decides. */
export interface ClaimGroup {
  readonly profile: string;
  /** The first is the baseline. */
  readonly arms: readonly ComparedArm[];
  readonly sizesBytes: readonly number[];
  /** Absent: both. */
  readonly operations?: readonly OperationName[];
  readonly smallRequestsBeside?: true;
  readonly claims: readonly Claim[];
}

/** Over which nothing may be lost: one request each way up to 8 MiB, and nothing to gain without a link. */
const NOT_SLOWER = 0.97;
/** Of the server whose limit a storm meets. */
export const STORM_REQUESTS_PER_SECOND = 100;

/** What can be measured without other programs. */
export const OWN_CLAIMS: readonly ClaimGroup[] = [
  {
    profile: 'same-region',
    arms: ['plain', 'sdk', 'optimized'],
    sizesBytes: [MIB, 64 * MIB],
    claims: bothWays('same-region', 'optimized', [
      [64 * MIB, { kind: 'speed', against: 'plain', least: 4.6 }],
      [64 * MIB, { kind: 'speed', against: 'sdk', least: 1.5 }],
      [64 * MIB, { kind: 'capacity', least: 0.9 }],
      [64 * MIB, { kind: 'cpu', against: 'sdk', most: 0.5 }],
      [MIB, { kind: 'speed', against: 'plain', least: NOT_SLOWER }],
    ]),
  },
  {
    profile: 'loopback',
    arms: ['plain', 'optimized'],
    sizesBytes: [64 * KIB, MIB, 7 * MIB, 64 * MIB],
    claims: bothWays(
      'loopback',
      'optimized',
      [64 * KIB, MIB, 7 * MIB, 64 * MIB].map((size) => [
        size,
        { kind: 'speed', against: 'plain', least: NOT_SLOWER },
      ]),
    ),
  },
  // What takes that line 13 s, up and down.
  homeClaims('upload', 16 * MIB),
  homeClaims('download', 64 * MIB),
  {
    profile: 'cross-region',
    arms: ['plain', 'optimized'],
    sizesBytes: [64 * MIB],
    claims: bothWays('cross-region', 'optimized', [
      [64 * MIB, { kind: 'speed', against: 'plain', least: 6 }],
    ]),
  },
];

/** A whole line is used, and somebody else on it does not starve. */
function homeClaims(operation: OperationName, sizeBytes: number): ClaimGroup {
  const place = { profile: 'home', operation, sizeBytes, arm: 'optimized' } as const;
  return {
    profile: 'home',
    arms: ['sdk', 'optimized'],
    sizesBytes: [sizeBytes],
    operations: [operation],
    smallRequestsBeside: true,
    claims: [
      { ...place, metric: { kind: 'capacity', least: 0.95 } },
      { ...place, metric: { kind: 'beside', against: 'sdk', most: 2 } },
    ],
  };
}

/** Where programs are compared. */
export const PROGRAM_LINK = 'same-region';

/** `objectfs cp` against programs, each started for each object. */
export function programClaims(programs: readonly ProgramArm[]): ClaimGroup[] {
  const [first, ...rest] = programs;
  if (first === undefined) return [];
  const sizeBytes = 64 * MIB;
  return [
    {
      profile: PROGRAM_LINK,
      arms: [first, 'objectfs-cp', ...rest],
      sizesBytes: [sizeBytes],
      claims: bothWays(
        PROGRAM_LINK,
        'objectfs-cp',
        programs.map((against) => [sizeBytes, { kind: 'speed', against, least: 1 }]),
      ),
    },
  ];
}

function bothWays(
  profile: string,
  arm: ComparedArm,
  rows: readonly (readonly [sizeBytes: number, metric: ClaimMetric])[],
): Claim[] {
  return rows.flatMap(([sizeBytes, metric]) =>
    OPERATIONS.map((operation) => ({ profile, operation, sizeBytes, arm, metric })),
  );
}
