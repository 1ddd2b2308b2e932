import { createRandom } from '../../random/random.js';
import { createWindow } from '../congestion/choose.js';
import { jainIndex, simulate, type SimulatedPath } from '../congestion/testing/path-simulator.js';
import { startRate, withBegun, withRefused, withServed, type RequestRate } from './rate.js';

const PART = 100_000;
const PATH: SimulatedPath = {
  latencyMs: 20,
  jitterMs: 5,
  connectionRate: 25_000,
  capacity: () => 200_000,
  lossRate: 0,
};

/** What a server that allows so many requests a second gave to four flows of eight connections after ten seconds. */
function storm(perSecond: number, seed: number, paces = true, latenessMs = () => 0) {
  const windows = Array.from({ length: 4 }, () =>
    createWindow('cubic', { partBytes: PART, maxBytes: 8 * PART }, 0),
  );
  const path = { ...PATH, bucket: { perSecond, depth: Math.max(1, perSecond / 10) } };
  const options = { untilMs: 40_000, fromMs: 10_000, paces, latenessMs, random: createRandom(seed) };
  const results = simulate(windows, path, PART, options);
  const sum = (pick: (result: (typeof results)[number]) => number) =>
    results.reduce((total, result) => total + pick(result), 0);
  return {
    goodput: sum(({ deliveredBytes }) => deliveredBytes) / PART / 30 / perSecond,
    lost: sum(({ lost }) => lost) / sum(({ requests }) => requests),
    fairness: jainIndex(results.map(({ deliveredBytes }) => deliveredBytes)),
  };
}

describe('four transfers at a server that allows so many requests a second', () => {
  test.each([5, 10, 100])('%i: nine tenths of them do something, under 5 %% are refused', (perSecond) => {
    const { goodput, lost, fairness } = storm(perSecond, perSecond);
    expect(goodput).toBeGreaterThan(0.9);
    expect(lost).toBeLessThan(0.05);
    expect(fairness).toBeGreaterThan(0.95);
  });

  test.each([20, 40, 100, 300])(
    '%i, with timers that are late by 20 ms on average, as on a busy machine: the same',
    (perSecond) => {
      const random = createRandom(perSecond + 1);
      const { goodput, lost } = storm(perSecond, perSecond, true, () => -20 * Math.log(1 - random()));
      expect(goodput).toBeGreaterThan(0.9);
      expect(lost).toBeLessThan(0.05);
    },
  );

  test('30, each by its window alone: that is a storm', () => {
    expect(storm(30, 1, false).lost).toBeGreaterThan(0.5);
  });
});

describe('a learnt request rate', () => {
  /** Served as evenly as it may begin, until then. */
  function run(state: RequestRate, fromMs: number, untilMs: number): RequestRate {
    let rate = state;
    for (let nowMs = fromMs; nowMs < untilMs; nowMs = Math.max(nowMs + 1, rate.nextMs))
      rate = withServed(withBegun(rate, nowMs), nowMs);
    return rate;
  }

  test('nothing waits before a request was refused', () => {
    expect(run(startRate(), 0, 100)).toMatchObject({ perSecond: Infinity, nextMs: -Infinity });
  });

  test('the first refusal leaves what the last second has served', () => {
    const busy = run(startRate(), 0, 1_500);
    expect(withRefused(busy, 1_490, 1_500).perSecond).toBeCloseTo(1000, -1);
  });

  test('a refusal at the start of a small transfer leaves ten a second', () => {
    expect(withRefused(startRate(), 0, 20)).toMatchObject({ perSecond: 10, nextMs: 120 });
  });

  test('what began before the last refusal is not heard again', () => {
    const once = withRefused(startRate(), 0, 20);
    const again = withRefused(once, 10, 30);
    expect([again.perSecond, again.nextMs, again.cutMs]).toEqual([10, 120, 20]);
  });

  test('a refusal that follows halves it at most, and one a second is the least', () => {
    let rate = withRefused(startRate(), 0, 20);
    rate = withRefused(rate, 120, 140);
    expect(rate.perSecond).toBeCloseTo(4.5);
    for (let nowMs = 1_000; nowMs < 20_000; nowMs += 1_000) rate = withRefused(rate, nowMs - 1, nowMs);
    expect(rate.perSecond).toBe(1);
  });

  test('it doubles each second until the second refusal, then comes back along the curve', () => {
    const first = withRefused(startRate(), 0, 0);
    const searching = run(first, 0, 3_000);
    expect(searching.perSecond).toBeGreaterThan(50);
    const cut = withRefused(searching, 2_999, 3_000);
    const plateau = cut.plateau ?? 0;
    expect(cut.perSecond).toBeCloseTo(0.9 * plateau);
    expect(run(cut, 3_000, 7_000).perSecond / plateau).toBeCloseTo(1, 1);
    expect(run(cut, 3_000, 15_000).perSecond / plateau).toBeGreaterThan(1.5);
  });

  test('a rate that nobody uses does not grow', () => {
    const cut = withRefused(startRate(), 0, 0);
    expect(withServed(cut, 60_000).perSecond).toBe(10);
  });

  test('requests begin evenly; a late one of a slow rate is not made up for', () => {
    const rate = withRefused(startRate(), 0, 0);
    expect(withBegun(rate, 150).nextMs).toBe(250);
  });

  test('of a rate with room for bursts it is, up to a tenth of a second', () => {
    const rate = { ...withRefused(startRate(), 0, 0), perSecond: 100 };
    expect(rate.nextMs).toBe(100);
    expect(withBegun(rate, 150).nextMs).toBe(110);
    expect(withBegun(rate, 1_000).nextMs).toBe(920);
  });
});
