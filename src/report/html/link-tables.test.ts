import type { BenchCell } from '../model.js';
import { linkTables } from './link-tables.js';

const RATIO = { estimate: 1.5, lower: 1.2, upper: 1.8 };

function cell(profile: string): BenchCell {
  const arm = (name: string, mibPerSecond: number) => ({ arm: name, mibPerSecond, samples: [] });
  return {
    ...{ operation: 'download', label: `16 MiB, ${profile}`, sizeBytes: 1, objects: 1, profile },
    arms: [arm('fixed', 10), arm('bbr', 15), arm('fixed-again', 10)],
    comparisons: [
      {
        ...{
          arm: 'bbr',
          baseline: 'fixed',
          ratio: RATIO,
          median: 1.5,
          blocks: 12,
          wins: 12,
          wilcoxonP: 0.01,
        },
        ...{ adjustedP: 0.01, perBlock: [], noiseFloor: RATIO, margin: 0.05, verdict: 'faster' },
      },
    ],
  };
}

test('each link has a table with the speed of its arms and the ratio of its pairs', () => {
  const text = linkTables([cell('lan'), cell('home')]).text;
  expect(text.match(/<table>/g)).toHaveLength(2);
  expect(text).toMatch(/lan[\s\S]*bbr \/ fixed[\s\S]*15\.0[\s\S]*1\.20 to 1\.80[\s\S]*faster[\s\S]*home/);
  expect(text).not.toContain('again');
});

test('one link needs no table of its own', () => {
  expect(linkTables([cell('lan')]).text).toBe('');
});
