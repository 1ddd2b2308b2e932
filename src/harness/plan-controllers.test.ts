import { configSchema } from '../config/schema.js';
import { LINK_PROFILES, profileNamed } from '../emulator/link/profiles.js';
import { pairsOf } from '../bench/arms.js';
import { asOneFamily } from '../bench/analyze.js';
import { linksWithAndWithoutLoss, planControllers } from './plan-controllers.js';
import type { BenchCell } from '../report/model.js';

const MIB = 2 ** 20;
const { transfer } = configSchema.parse({});

test('every link is there without loss and with it, and its own loss is kept', () => {
  const links = linksWithAndWithoutLoss();
  expect(links).toHaveLength(2 * LINK_PROFILES.length);
  expect(new Set(links.map(({ name }) => name)).size).toBe(links.length);
  for (const [index, { lossRatio }] of links.entries()) expect(lossRatio === undefined).toBe(index % 2 === 0);
  expect(links.find(({ name }) => name === 'mobile')?.lossRatio).toBe(profileNamed('mobile').lossRatio);
  expect(links.find(({ name }) => name === 'home with 0.1 % loss')?.lossRatio).toBe(0.001);
});

test('fixed, cubic and bbr, each with each other, within a time limit for all links', () => {
  const experiments = planControllers({ seed: 1, transfer });
  expect(experiments).toHaveLength(2 * LINK_PROFILES.length);
  for (const { plan } of experiments) expect(plan.arms).toEqual(['fixed', 'cubic', 'bbr']);
  const budgetMs = experiments.reduce((sum, { plan }) => sum + (plan.budgetMs ?? Infinity), 0);
  expect(budgetMs).toBeCloseTo(500_000);
  expect(pairsOf(experiments[0]?.plan.arms ?? [])).toEqual([
    { arm: 'cubic', baseline: 'fixed' },
    { arm: 'bbr', baseline: 'fixed' },
    { arm: 'bbr', baseline: 'cubic' },
  ]);
});

test('nothing over 8 MiB on slow links, which the notes tell, and no upload without a window', () => {
  const sizesBytes = [8 * MIB, 64 * MIB];
  for (const { link, plan } of planControllers({ seed: 1, transfer, sizesBytes })) {
    const isSlow = /^(home|mobile|satellite)/.test(link.name);
    expect(plan.sizesBytes).toEqual(isSlow ? [8 * MIB] : sizesBytes);
    expect(plan.operations).toEqual(isSlow ? ['download'] : ['upload', 'download']);
    expect(plan.notes.some((note) => note.includes('64 MiB left out'))).toBe(isSlow);
  }
  const large = planControllers({ seed: 1, transfer, sizesBytes: [64 * MIB], link: profileNamed('home') });
  expect(large).toEqual([]);
});

test('the p values of all links are adjusted together', () => {
  const comparison = (wilcoxonP: number): BenchCell['comparisons'][number] => ({
    ...{ arm: 'cubic', baseline: 'fixed', median: 2, blocks: 24, wins: 24, wilcoxonP, adjustedP: wilcoxonP },
    ...{
      ratio: { estimate: 2, lower: 1.9, upper: 2.1 },
      noiseFloor: { estimate: 1, lower: 0.99, upper: 1.01 },
    },
    ...{ perBlock: [], margin: 0.05, verdict: 'faster' },
  });
  const cell = (wilcoxonP: number): BenchCell => ({
    ...{ operation: 'download', label: '', sizeBytes: 1, objects: 1, profile: '', arms: [] },
    comparisons: [comparison(wilcoxonP)],
  });
  const cells = asOneFamily({ margin: 0.05 }, [cell(0.04), cell(0.9), cell(0.9)]);
  expect(cells.map(({ comparisons }) => comparisons[0]?.adjustedP)).toEqual([
    expect.closeTo(0.12),
    expect.closeTo(0.9),
    expect.closeTo(0.9),
  ]);
  expect(cells[0]?.comparisons[0]?.verdict).toBe('inconclusive');
});
