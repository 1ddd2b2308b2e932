import fc from 'fast-check';
import { ExtentMap, LOCAL, ZEROS } from './extents.js';
import { DEFAULT_PART_LIMITS, planParts, type PartLimits, type PlannedPart } from './part-plan.js';
import type { Version } from './version.js';

const VERSION = { sizeBytes: 10_000 } as Version; // a plan never looks inside
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const LIMITS: PartLimits = {
  minPartBytes: 10,
  maxPartBytes: 100,
  maxParts: 40,
  uploadPartBytes: 10,
  copyPartBytes: 50,
  copyMaxBytes: 100,
};

function mapOf(pieces: readonly (readonly [number, 'away' | 'local' | 'zeros', number])[]): ExtentMap {
  const map = new ExtentMap();
  for (const [length, kind, offset] of pieces) {
    const start = map.sizeBytes;
    const copy = { version: VERSION, offset };
    map.set(
      start,
      start + length,
      kind === 'away' ? { source: 'away', copy } : kind === 'local' ? LOCAL : ZEROS,
    );
  }
  return map;
}

/** Each rule that a plan breaks, with the index of the part. */
function problemsOf(parts: readonly PlannedPart[], map: ExtentMap, limits: PartLimits): string[] {
  const problems: string[] = [];
  if (parts.length > limits.maxParts) problems.push('too many');
  if (parts.at(-1)?.end !== map.sizeBytes) problems.push('wrong end');
  parts.forEach(({ start, end, copy }, index) => {
    if (start !== (parts[index - 1]?.end ?? 0)) problems.push(`gap at ${index}`);
    if (end - start > limits.maxPartBytes) problems.push(`too long ${index}`);
    if (index < parts.length - 1 && end - start < limits.minPartBytes) problems.push(`too short ${index}`);
    if (copy === undefined) return;
    for (const extent of map.slices(start, end)) {
      if (extent.copy?.offset !== copy.offset + extent.start - start) problems.push(`wrong copy ${index}`);
    }
  });
  return problems;
}

const piece = fc.tuple(
  fc.integer({ min: 1, max: 60 }),
  fc.constantFrom('away' as const, 'local' as const, 'zeros' as const),
  fc.nat(5000),
);

describe('A plan of parts', () => {
  test('covers the file in order within all limits, and copies only what is there', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 60 }), (pieces) => {
        const map = mapOf(pieces);
        const parts = planParts(map.all, LIMITS);
        expect(problemsOf(parts, map, LIMITS)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('of an edit in the middle of a large object uploads 5 MiB and copies the rest', () => {
    const map = mapOf([[GIB, 'away', 0]]);
    map.set(GIB / 2, GIB / 2 + 4096, LOCAL);
    const uploaded = planParts(map.all, DEFAULT_PART_LIMITS).filter(({ copy }) => copy === undefined);
    expect(uploaded).toEqual([{ start: GIB / 2, end: GIB / 2 + 5 * MIB, copy: undefined }]);
  });

  test('of bytes appended to a large object uploads just these', () => {
    const map = mapOf([
      [6 * MIB, 'away', 0],
      [10, 'local', 0],
    ]);
    expect(planParts(map.all, DEFAULT_PART_LIMITS).map(({ start, end }) => [start, end])).toEqual([
      [0, 6 * MIB],
      [6 * MIB, 6 * MIB + 10],
    ]);
  });

  test('of 5 TiB with edits all over stays within 10,000 parts of 5 GiB', () => {
    const map = mapOf([[5 * 1024 * GIB, 'away', 0]]);
    for (let at = 0; at < 20_000; at += 1) map.set(at * 256 * MIB, at * 256 * MIB + 1, LOCAL);
    const parts = planParts(map.all, DEFAULT_PART_LIMITS);
    expect(problemsOf(parts, map, DEFAULT_PART_LIMITS)).toEqual([]);
  });
});
