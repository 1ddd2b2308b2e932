import { PathEstimate } from './path-estimate.js';

const MIB = 2 ** 20;

test('nothing is said before an answer and a part have come', () => {
  const path = new PathEstimate();
  expect(path.bandwidthDelayBytes).toBeUndefined();
  path.carried(8 * MIB, 1000);
  expect(path.bandwidthDelayBytes).toBeUndefined();
  path.answered(100);
  expect(path.bandwidthDelayBytes).toBeUndefined();
  path.carried(9_000_000, 1000); // 900 ms of bytes, 100 ms of waiting
  expect(path.bandwidthDelayBytes).toBe(1_000_000);
});

test('the delay is the least, so a connection that is opened first does not count', () => {
  const path = new PathEstimate();
  for (const delayMs of [300, 100, 250]) path.answered(delayMs);
  path.carried(9_000_000, 1000);
  expect(path.bandwidthDelayBytes).toBe(1_000_000);
});

test('the rate follows its samples, and no single one', () => {
  const path = new PathEstimate();
  path.answered(100);
  path.carried(9_000_000, 1000);
  path.carried(18_000_000, 1000);
  expect(path.bandwidthDelayBytes).toBe(1_125_000);
  for (let n = 0; n < 50; n += 1) path.carried(18_000_000, 1000);
  expect(path.bandwidthDelayBytes).toBeGreaterThan(1_980_000);
});

test('small requests and impossible durations say nothing of the rate', () => {
  const path = new PathEstimate();
  path.answered(100);
  path.carried(4096, 101);
  path.carried(8 * MIB, 100);
  path.carried(8 * MIB, 60);
  expect(path.bandwidthDelayBytes).toBeUndefined();
});
