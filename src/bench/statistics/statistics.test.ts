import { bootstrapMeanOfCells, bootstrapTrimmedMean, exponential } from './bootstrap.js';
import { comparePaired, noiseFloor, type BlockTimes } from './compare.js';
import { median, quantileOfSorted, trimmedMean } from './location.js';
import { benjaminiHochberg } from './multiple.js';
import { severeOutliers } from './outliers.js';
import { createRandom, type Random } from '../../random/random.js';
import { decide, effectiveMargin, excludesOne } from './verdict.js';
import { bootstrapQuantileRatio } from './pooled.js';
import { wilcoxonSignedRank } from './wilcoxon.js';

/** Standard normal by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Blocks of a link with slow drift, heavy tails and an arm that takes `slowdown` times as long. */
function syntheticBlocks(seed: number, count: number, slowdown: number, spread: number): BlockTimes[] {
  const random = createRandom(seed);
  let drift = 0;
  return Array.from({ length: count }, (_, block) => {
    drift = 0.9 * drift + 0.1 * normal(random);
    const run = () => {
      const hiccup = random() < 0.01 ? 1 : 0;
      return 100 * Math.exp(drift + spread * normal(random) + hiccup);
    };
    return { block, baselineMs: run(), baselineAgainMs: run(), armMs: slowdown * run() };
  });
}

function verdictOf(blocks: readonly BlockTimes[]) {
  const comparison = comparePaired(blocks, { seed: 7, resamples: 500 });
  return decide({
    ratio: comparison.ratio,
    noiseFloor: noiseFloor(blocks, { seed: 7, resamples: 500 }),
    margin: 0.05,
    blocks: comparison.blocks,
    adjustedP: comparison.wilcoxonP,
  });
}

describe('location', () => {
  test('the trimmed mean sets aside a fifth at each end', () => {
    expect(trimmedMean([1, 2, 3, 4, 1000])).toBe(3);
    expect(trimmedMean([5, 1])).toBe(3);
    expect(trimmedMean([])).toBeNaN();
  });

  test('quantiles interpolate as R type 7 does', () => {
    const sorted = Float64Array.of(1, 2, 3, 4);
    expect(quantileOfSorted(sorted, 0.25)).toBeCloseTo(1.75);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe('Wilcoxon signed-rank', () => {
  test('exact p values agree with the published tables', () => {
    // R 4.3: wilcox.test(1:n, exact = TRUE) is 2 / 2^n where all signs agree.
    expect(wilcoxonSignedRank([1, 2, 3, 4, 5])).toBeCloseTo(0.0625, 12);
    expect(wilcoxonSignedRank([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toBeCloseTo(2 / 1024, 12);
    // V = 8 at n = 10 is the tabled two-sided 5 % limit: p = 0.048828.
    expect(wilcoxonSignedRank([-8, 1, 2, 3, 4, 5, 6, 7, 9, 10])).toBeCloseTo(0.048828125, 9);
  });

  test('ties share ranks and zeros are set aside', () => {
    expect(wilcoxonSignedRank([0, 0])).toBe(1);
    expect(wilcoxonSignedRank([1, -1])).toBe(1);
    expect(wilcoxonSignedRank([2, 2, 2, 2, 2, 0])).toBeCloseTo(0.0625, 12);
  });

  test('the approximation above 50 values joins the exact law', () => {
    const random = createRandom(5);
    const values = Array.from({ length: 51 }, () => normal(random) + 0.3);
    const exact = wilcoxonSignedRank(values.slice(0, 50));
    expect(Math.abs(wilcoxonSignedRank(values) - exact)).toBeLessThan(0.02);
  });
});

describe('outliers and families', () => {
  test('only values far out are marked', () => {
    expect(severeOutliers([1, 1.1, 0.9, 1.05, 0.95, 9])).toEqual([false, false, false, false, false, true]);
    expect(severeOutliers([1, 2, 3, 4, 5])).not.toContain(true);
  });

  test('Benjamini-Hochberg adjusts as R p.adjust does', () => {
    const adjusted = benjaminiHochberg([0.01, 0.04, 0.03, 0.005]);
    [0.02, 0.04, 0.04, 0.02].forEach((value, index) => {
      expect(adjusted[index]).toBeCloseTo(value, 12);
    });
  });
});

describe('bootstrap', () => {
  test('the interval holds the estimate, is seeded, and covers the truth in about 95 of 100 experiments', () => {
    const values = Array.from({ length: 24 }, (_, index) => index / 10);
    expect(bootstrapTrimmedMean(values, { seed: 3 })).toEqual(bootstrapTrimmedMean(values, { seed: 3 }));
    const random = createRandom(99);
    let covered = 0;
    const trials = 400;
    for (let trial = 0; trial < trials; trial += 1) {
      const sample = Array.from({ length: 24 }, () => normal(random));
      const interval = bootstrapTrimmedMean(sample, { seed: trial, resamples: 1000 });
      covered += interval.lower <= 0 && interval.upper >= 0 ? 1 : 0;
    }
    expect(covered / trials).toBeGreaterThan(0.91);
    expect(covered / trials).toBeLessThan(0.985);
  });

  test('the geometric mean row is the mean of the logs of its cells', () => {
    const cells = [new Array<number>(12).fill(Math.log(2)), new Array<number>(12).fill(Math.log(8))];
    const row = exponential(bootstrapMeanOfCells(cells, { seed: 1 }));
    expect(row.estimate).toBeCloseTo(4, 12);
    expect(row.lower).toBeCloseTo(4, 12);
  });
});

describe('the whole method on synthetic blocks with drift and hiccups', () => {
  const trials = 200;
  const count = (blocks: number, slowdown: number, spread: number) => {
    const verdicts = Array.from({ length: trials }, (_, trial) =>
      verdictOf(syntheticBlocks(1000 + trial, blocks, slowdown, spread)),
    );
    return (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length / trials;
  };

  test('identical code is hardly ever called faster or slower, with 12 and with 24 blocks', () => {
    for (const blocks of [12, 24]) {
      const share = count(blocks, 1, 0.1);
      expect(share('faster') + share('slower')).toBeLessThan(0.02);
    }
  });

  test('the interval of identical code excludes 1 in about one experiment of twenty', () => {
    let excluded = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const blocks = syntheticBlocks(5000 + trial, 24, 1, 0.1);
      excluded += excludesOne(comparePaired(blocks, { seed: trial, resamples: 500 }).ratio) ? 1 : 0;
    }
    expect(excluded / trials).toBeLessThan(0.09);
  });

  test('a 15 % slowdown is found with 24 blocks on a shaped link', () => {
    let below = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const blocks = syntheticBlocks(7000 + trial, 24, 1.15, 0.04);
      below += comparePaired(blocks, { seed: trial, resamples: 500 }).ratio.upper < 1 ? 1 : 0;
    }
    expect(below / trials).toBeGreaterThan(0.97);
    // The verdict asks for more: an A/A interval that holds 1, which chance denies to one experiment in twenty.
    expect(count(24, 1.15, 0.025)('slower')).toBeGreaterThan(0.85);
  });

  test('a doubled speed is called faster', () => {
    expect(count(12, 0.5, 0.1)('faster')).toBeGreaterThan(0.85);
  });

  test('equal speed with little noise is called equivalent', () => {
    expect(count(24, 1, 0.02)('equivalent')).toBeGreaterThan(0.85);
  });
});

describe('verdict', () => {
  const fine = { estimate: 1, lower: 0.99, upper: 1.01 };
  const faster = { estimate: 1.5, lower: 1.4, upper: 1.6 };

  test('fewer than ten blocks decide nothing', () => {
    const facts = { ratio: faster, noiseFloor: fine, margin: 0.05, adjustedP: 0.001 };
    expect(decide({ ...facts, blocks: 9 })).toBe('inconclusive');
    expect(decide({ ...facts, blocks: 10 })).toBe('faster');
  });

  test('a cell whose identical runs differ decides nothing', () => {
    const noiseFloor = { estimate: 1.1, lower: 1.05, upper: 1.2 };
    expect(decide({ ratio: faster, noiseFloor, margin: 0.05, blocks: 24, adjustedP: 0 })).toBe(
      'inconclusive',
    );
  });

  test('the margin never falls below the noise floor', () => {
    expect(effectiveMargin(0.05, { estimate: 1, lower: 0.8, upper: 1.1 })).toBeCloseTo(0.25);
    expect(effectiveMargin(0.05, fine)).toBe(0.05);
  });

  test('the family-wise test must agree', () => {
    expect(decide({ ratio: faster, noiseFloor: fine, margin: 0.05, blocks: 24, adjustedP: 0.2 })).toBe(
      'inconclusive',
    );
  });
});

describe('ratio of quantiles over blocks', () => {
  test('is that of all values together, with an interval that holds it and is the same for the same seed', () => {
    const random = createRandom(11);
    const blocks = Array.from({ length: 12 }, () => ({
      own: Array.from({ length: 40 }, () => 200 * random()),
      other: Array.from({ length: 40 }, () => 100 * random()),
    }));
    const ratio = bootstrapQuantileRatio(blocks, 0.5, { seed: 3 });
    expect(ratio.estimate).toBeGreaterThan(1.5);
    expect(ratio.estimate).toBeLessThan(2.6);
    expect(ratio.lower).toBeLessThan(ratio.estimate);
    expect(ratio.upper).toBeGreaterThan(ratio.estimate);
    expect(bootstrapQuantileRatio(blocks, 0.5, { seed: 3 })).toEqual(ratio);
  });

  test('a block is drawn whole: one that is out of line widens the interval, however many values it has', () => {
    const even = Array.from({ length: 10 }, () => ({ own: [10, 10, 10, 10], other: [10, 10, 10, 10] }));
    const odd = [...even.slice(1), { own: Array.from({ length: 400 }, () => 50), other: [10] }];
    expect(bootstrapQuantileRatio(even, 0.99, { seed: 1 })).toEqual({ estimate: 1, lower: 1, upper: 1 });
    expect(bootstrapQuantileRatio(odd, 0.99, { seed: 1 })).toEqual({ estimate: 5, lower: 1, upper: 5 });
  });
});
