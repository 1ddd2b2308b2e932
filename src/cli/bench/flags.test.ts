import type { ArgumentsCamelCase } from 'yargs';
import { refuseMixture } from './flags.js';

function refusal(given: Record<string, unknown>): string {
  const flags: ArgumentsCamelCase = { _: ['bench'], $0: 'objectfs', ...given };
  try {
    refuseMixture(flags);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test.each([
  [{ claims: true, sizes: '1MiB' }, '--sizes has no effect with --claims'],
  [{ claims: true, endpoint: 'http://x' }, '--endpoint has no effect with --claims'],
  [{ claims: true, smallFiles: 5 }, '--small-files has no effect with --claims'],
  [{ cost: true, claims: true }, '--claims has no effect with --cost'],
  [{ controllers: true, arms: 'plain,sdk' }, '--arms has no effect with --controllers'],
  [{ requestsPerSecond: 5, requireAws: true }, '--require-aws has no effect with --requests-per-second'],
  [{ mounts: 'objectfs', data: '/x' }, '--data has no effect with --mounts'],
  [{ keepDays: 5 }, '--keep-days has no effect without --cost'],
  [{ workloads: 'list' }, '--workloads has no effect without --mounts'],
])('%p is refused', (flags, words) => {
  expect(refusal(flags)).toContain(words);
});

test.each([
  [{}],
  [{ claims: true, link: 'home', blocks: 3, seed: 1, out: 'x' }],
  [{ controllers: true, link: 'home', sizes: '1MiB', blocks: 3 }],
  [{ cost: true, data: '/x', keepDays: 5, readsPerMonth: 1 }],
  [{ mounts: 'objectfs,s3fs', workloads: 'list', blocks: 3 }],
  [{ sizes: '1MiB', arms: 'plain,sdk', blocks: 3, claims: false }],
])('%p is taken', (flags) => {
  expect(refusal(flags)).toBe('');
});
