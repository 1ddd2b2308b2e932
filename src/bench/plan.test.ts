import { configSchema } from '../config/schema.js';
import { Failure } from '../errors/failure.js';
import { createPlan, describePlan } from './plan.js';

const MIB = 1024 * 1024;
const transfer = configSchema.parse({}).transfer;
const link = (bytesPerSecond: number) => ({
  name: 'test',
  description: '',
  source: '',
  roundTripMs: 25,
  requestOverheadMs: 18,
  totalUpBytesPerSecond: bytesPerSecond,
  totalDownBytesPerSecond: bytesPerSecond,
});

describe('plan', () => {
  test('the default has 24 blocks, a time limit, and says both', () => {
    const plan = createPlan({ seed: 7, transfer });
    expect(plan).toMatchObject({ blocks: 24, budgetMs: 210_000, warmupBlocks: 1, margin: 0.05 });
    expect(describePlan(plan)).toContain('24 blocks');
    expect(describePlan(plan)).toContain('no block starts after 210 s');
    expect(describePlan(plan)).toContain('seed 7');
  });

  test('blocks that were asked for are all run, without a time limit', () => {
    expect(createPlan({ seed: 1, transfer, blocks: 12 }).budgetMs).toBeUndefined();
    expect(describePlan(createPlan({ seed: 1, transfer, blocks: 12 }))).toContain('no time limit');
  });

  test('sizes that a slow link has no time for are left out, and the plan says so', () => {
    const plan = createPlan({ seed: 1, transfer, link: link(1.25e6) });
    expect(plan.sizesBytes).toEqual([MIB]);
    expect(plan.notes.join()).toContain('left out');
    expect(createPlan({ seed: 1, transfer, link: link(1e9) }).notes).toEqual([]);
  });

  test('the default sizes all fit on the default link', () => {
    const near = { ...link(12.5e6), roundTripMs: 2, requestOverheadMs: 18 };
    expect(createPlan({ seed: 1, transfer, link: near }).notes).toEqual([]);
    expect(createPlan({ seed: 1, transfer, link: near }).sizesBytes.at(-1)).toBe(12 * MIB);
  });

  test('loss makes a fast link slow, the more the longer it is', () => {
    const lossy = { ...link(1e9), roundTripMs: 70, lossRatio: 0.001 };
    expect(createPlan({ seed: 1, transfer, link: lossy }).sizesBytes).toEqual([MIB]);
    const near = { ...lossy, roundTripMs: 0.5 };
    expect(createPlan({ seed: 1, transfer, link: near }).notes).toEqual([]);
  });

  test('sizes that were asked for are kept on any link', () => {
    const plan = createPlan({ seed: 1, transfer, link: link(1.25e6), sizesBytes: [64 * MIB] });
    expect(plan.sizesBytes).toEqual([64 * MIB]);
  });

  test('small files are one row more, and can be all there is', () => {
    const plan = createPlan({ seed: 1, transfer, sizesBytes: [], smallFiles: 1000 });
    expect(plan.smallFiles).toBe(1000);
    expect(describePlan(plan)).toContain('of 1000 small files;');
    expect(createPlan({ seed: 1, transfer }).smallFiles).toBe(0);
  });

  test.each([
    { smallFiles: -1 },
    { smallFiles: 1.5 },
    { smallFiles: 100_001 },
    { blocks: 0 },
    { blocks: 1.5 },
    { blocks: 1001 },
    { sizesBytes: [0] },
    { sizesBytes: [6 * 1024 ** 4] },
    { sizesBytes: [], files: [] },
  ])('%j is wrong use', (options) => {
    let kind: unknown;
    try {
      createPlan({ seed: 1, transfer, ...options });
    } catch (error) {
      kind = error instanceof Failure ? error.kind : error;
    }
    expect(kind).toBe('usage');
  });
});
