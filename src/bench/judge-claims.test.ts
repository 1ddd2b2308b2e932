import { profileNamed } from '../emulator/link/profiles.js';
import type { Arm, BenchCell, Comparison, Sample } from '../report/model.js';
import { OWN_CLAIMS, programClaims, type Claim, type ClaimMetric } from './claims.js';
import { judgeClaim, judgeStormClaims } from './judge-claims.js';
import { pairsOf } from './arms.js';
import { OPERATIONS } from './plan.js';

const MIB = 2 ** 20;
const SIZE_BYTES = 64 * MIB;

function sample(block: number, over: Partial<Sample>): Sample {
  const base = { block, order: 0, elapsedMs: 1000, bytes: SIZE_BYTES, cpuMs: 100, peakRssBytes: 1 };
  return { ...base, verified: true, ...over };
}

/** A block that was thrown away stands first, so wrong that nothing could hide it. */
function arm(name: string, over: (block: number) => Partial<Sample>, blocks = 10): Arm {
  const wild = { elapsedMs: 1, cpuMs: 1e9, besideMs: [1e9] };
  const samples = Array.from({ length: blocks }, (_, block) => sample(block, over(block)));
  return { arm: name, mibPerSecond: 1, samples: [sample(-1, wild), ...samples] };
}

function comparison(over: Partial<Comparison>): Comparison {
  const none = { estimate: 1, lower: 0.99, upper: 1.01 };
  return {
    ...{ arm: 'optimized', baseline: 'plain', ratio: none, median: 1, blocks: 10, wins: 10, wilcoxonP: 0.01 },
    ...{ adjustedP: 0.01, perBlock: [], noiseFloor: none, margin: 0.05, verdict: 'faster' },
    ...over,
  };
}

function cell(over: Partial<BenchCell>): BenchCell {
  return {
    ...{ operation: 'download', label: '64 MiB', sizeBytes: SIZE_BYTES, objects: 1, profile: 'same-region' },
    ...{ arms: [arm('plain', () => ({})), arm('optimized', () => ({}))], comparisons: [comparison({})] },
    ...over,
  };
}

function claim(metric: ClaimMetric): Claim {
  return {
    ...{ profile: 'same-region', operation: 'download', sizeBytes: SIZE_BYTES, arm: 'optimized' },
    metric,
  };
}

function judged(metric: ClaimMetric, over: Partial<BenchCell>) {
  const links = [profileNamed('same-region')];
  return judgeClaim(claim(metric), { cells: [cell(over)], links, seed: 5 });
}

const FASTER: ClaimMetric = { kind: 'speed', against: 'plain', least: 4.6 };

test.each([
  ['reached', 4.7, 5],
  ['open', 4.5, 5],
  ['missed', 4, 4.5],
])('a speed is %s where its interval is %d to %d and 4.6 is claimed', (state, lower, upper) => {
  const ratio = { estimate: (lower + upper) / 2, lower, upper };
  const row = judged(FASTER, { comparisons: [comparison({ ratio })] });
  expect(row).toMatchObject({ state, measured: ratio, bound: 4.6, side: 'least' });
  expect(row.says).toBe('same-region, download of 64 MiB: optimized is at least 4.6 times as fast as plain');
});

test('nothing is decided by few blocks', () => {
  const ratio = { estimate: 5, lower: 4.9, upper: 5.1 };
  const few = judged(FASTER, { comparisons: [comparison({ ratio, blocks: 9 })] });
  expect(few).toMatchObject({ state: 'open', reason: '9 blocks decide nothing' });
});

test('where identical code came out different, the interval is wider by that', () => {
  const ratio = { estimate: 5, lower: 4.9, upper: 5.1 };
  const state = (lower: number, upper: number) => {
    const noiseFloor = { estimate: (lower + upper) / 2, lower, upper };
    const row = judged(FASTER, { comparisons: [comparison({ ratio, noiseFloor })] });
    return [row.state, row.measured?.lower.toFixed(3), row.measured?.upper.toFixed(3)];
  };
  expect(state(1.01, 1.04)).toEqual(['reached', '4.712', '5.304']);
  expect(state(0.9, 0.95)).toEqual(['open', '4.410', '5.667']);
  expect(state(0.9, 1.1)).toEqual(['reached', '4.900', '5.100']);
});

test('what was not run is not measured, and says so', () => {
  expect(judged(FASTER, { profile: 'home' })).toMatchObject({ state: 'not-measured' });
  expect(judged(FASTER, { sizeBytes: MIB }).reason).toBe('it was not among what was run');
  expect(judged(FASTER, { comparisons: [] }).reason).toBe('optimized was not compared with plain');
});

test('a share of the capacity is that of the direction of the transfer', () => {
  const capacity = profileNamed('same-region').totalDownBytesPerSecond ?? NaN;
  const elapsedMs = (1000 * SIZE_BYTES) / capacity / 0.93;
  const arms = [arm('optimized', () => ({ elapsedMs }))];
  const row = judged({ kind: 'capacity', least: 0.9 }, { arms });
  expect(row.state).toBe('reached');
  expect(row.measured?.estimate).toBeCloseTo(0.93, 6);
  expect(judged({ kind: 'capacity', least: 0.94 }, { arms }).state).toBe('missed');
  const links = [profileNamed('loopback')];
  const none = judgeClaim(claim({ kind: 'capacity', least: 0.9 }), { cells: [cell({})], links, seed: 5 });
  expect(none.state).toBe('not-measured');
});

test('CPU time is compared block by block, and bounded from above', () => {
  const arms = [
    arm('sdk', (block) => ({ cpuMs: 100 + block })),
    arm('optimized', (block) => ({ cpuMs: 0.4 * (100 + block) })),
  ];
  const half = judged({ kind: 'cpu', against: 'sdk', most: 0.5 }, { arms });
  expect(half).toMatchObject({ state: 'reached', side: 'most', bound: 0.5 });
  expect(half.measured?.estimate).toBeCloseTo(0.4, 6);
  expect(judged({ kind: 'cpu', against: 'sdk', most: 0.3 }, { arms }).state).toBe('missed');
});

test('what small requests wait is compared over all blocks, at the 99th percentile', () => {
  const waits = (factor: number) => (block: number) => ({
    besideMs: Array.from({ length: 100 }, (_, index) => factor * (index === 99 ? 1000 + block : 10)),
  });
  const arms = [arm('sdk', waits(1)), arm('optimized', waits(1.5))];
  const row = judged({ kind: 'beside', against: 'sdk', most: 2 }, { arms });
  expect(row.state).toBe('reached');
  expect(row.measured?.estimate).toBeCloseTo(1.5, 6);
  expect(judged({ kind: 'beside', against: 'sdk', most: 1.2 }, { arms }).state).toBe('missed');
  const silent = [arm('sdk', () => ({})), arm('optimized', () => ({}))];
  expect(judged({ kind: 'beside', against: 'sdk', most: 2 }, { arms: silent }).state).toBe('not-measured');
});

test('a storm has two claims, decided by what the server counted', () => {
  const counts = { measuredMs: 1, asked: 1, refused: 0, completed: 1, failed: 0, fellBack: 0 };
  const storm = (goodputShare: number, refusedShare: number) => ({
    ...{ requestsPerSecond: 100, warmUpMs: 1 },
    arms: [{ arm: 'optimized', ...counts, goodputShare, refusedShare }],
  });
  const states = (goodput: number, refused: number) =>
    judgeStormClaims(storm(goodput, refused)).map(({ state }) => state);
  expect(states(0.95, 0.01)).toEqual(['reached', 'reached']);
  expect(states(0.85, 0.06)).toEqual(['missed', 'missed']);
  expect(judgeStormClaims({ ...storm(1, 0), arms: [] }).map(({ state }) => state)).toEqual([
    'not-measured',
    'not-measured',
  ]);
});

test('every claim is about what its experiment runs and compares', () => {
  for (const group of [...OWN_CLAIMS, ...programClaims(['rclone', 's3cmd'])]) {
    const pairs = pairsOf(group.arms).map(({ arm: own, baseline }) => `${own}/${baseline}`);
    for (const { profile, operation, arm: own, sizeBytes, metric } of group.claims) {
      expect(group.operations ?? OPERATIONS).toContain(operation);
      expect([profile, group.arms, group.sizesBytes]).toEqual([
        group.profile,
        expect.arrayContaining([own]),
        expect.arrayContaining([sizeBytes]),
      ]);
      if (metric.kind === 'speed') expect(pairs).toContain(`${own}/${metric.against}`);
      if ('against' in metric) expect(group.arms).toContain(metric.against);
      if (metric.kind === 'beside') expect(group.smallRequestsBeside).toBe(true);
    }
  }
});
