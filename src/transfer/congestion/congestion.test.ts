import { createWindow, CONGESTION_CONTROLS, type CongestionName } from './choose.js';
import type { WindowController } from './controller.js';
import { cubic } from './cubic.js';
import { isSlowStartOver, startHystart, stepHystart } from './hystart.js';
import { createRandom } from '../../random/random.js';
import { jainIndex, simulate, type SimulatedPath } from './testing/path-simulator.js';

const MB = 1e6;
const PART = 4 * MB;
/** 25 MB/s per connection, 200 MB/s in all, 20 ms to the first byte: `same-region` of the link. */
const REGION: SimulatedPath = {
  latencyMs: 20,
  jitterMs: 5,
  connectionRate: 25_000,
  capacity: () => 200_000,
  lossRate: 0,
};

function window(name: CongestionName, connections = 8): WindowController {
  return createWindow(name, { partBytes: PART, maxBytes: connections * PART }, 0);
}

function rate(bytes: number, ms: number): number {
  return bytes / ms;
}

describe.each(CONGESTION_CONTROLS)('%s', (name) => {
  test('fills a path without loss to nine tenths, and never exceeds its connections', () => {
    const [flow] = simulate([window(name)], REGION, PART, { untilMs: 60_000, random: createRandom(1) });
    // The latency of each part is time in which its connection brings nothing.
    const possible = 200_000 * (PART / 25_000 / (PART / 25_000 + 22.5 + 2));
    expect(rate(flow?.deliveredBytes ?? 0, 60_000)).toBeGreaterThan(0.9 * possible);
    expect(flow?.peak).toBeLessThanOrEqual(8);
  });

  test('keeps at least one part in flight, whatever is lost', () => {
    const flow = window(name);
    for (let nowMs = 0; nowMs < 100_000; nowMs += 100) {
      flow.report({ kind: 'lost', cause: 'timeout' }, flow.begin(1, nowMs), nowMs + 50);
      expect(flow.permits(nowMs + 50)).toBeGreaterThanOrEqual(1);
    }
  });

  test('takes no notice of what was cancelled', () => {
    const flow = window(name);
    for (let nowMs = 0; nowMs < 1000; nowMs += 10)
      flow.report({ kind: 'ignored' }, flow.begin(8, nowMs), nowMs + 5);
    expect(flow.permits(1000)).toBe(8);
  });

  test('sends one part at a time until the end of a Retry-After', () => {
    const flow = window(name);
    flow.report({ kind: 'lost', cause: 'throttled', retryAfterMs: 2000 }, flow.begin(8, 0), 10);
    expect([flow.permits(1000), flow.permits(2009)]).toEqual([1, 1]);
    expect(flow.permits(2011)).toBeGreaterThan(1);
  });
});

describe.each(['cubic', 'bbr'] as const)('%s', (name) => {
  test('makes fewer requests in vain than a fixed window, where the server serves four at a time', () => {
    const path = { ...REGION, maxAtOnce: () => 4 };
    const share = (of: CongestionName): number => {
      const [flow] = simulate([window(of, 16)], path, PART, {
        untilMs: 60_000,
        fromMs: 10_000,
        random: createRandom(2),
      });
      return (flow?.lost ?? 0) / (flow?.requests ?? 1);
    };
    expect(share(name)).toBeLessThan(0.25);
    expect(share('fixed')).toBeGreaterThan(0.5);
  });

  test('brings most of what a server of four at a time gives, and comes back when it gives more', () => {
    const path = { ...REGION, maxAtOnce: (nowMs: number) => (nowMs < 30_000 ? 4 : 16) };
    const run = (fromMs: number, untilMs: number): number => {
      const [flow] = simulate([window(name)], path, PART, { untilMs, fromMs, random: createRandom(3) });
      return rate(flow?.deliveredBytes ?? 0, untilMs - fromMs);
    };
    const perConnection = PART / (PART / 25_000 + 22.5 + 2);
    expect(run(10_000, 30_000)).toBeGreaterThan(0.75 * 4 * perConnection);
    expect(run(45_000, 60_000)).toBeGreaterThan(0.85 * 8 * perConnection);
  });

  test('bears random loss', () => {
    const path = { ...REGION, lossRate: 0.01 };
    const [flow] = simulate([window(name)], path, PART, { untilMs: 60_000, random: createRandom(4) });
    const perConnection = PART / (PART / 25_000 + 22.5 + 2);
    expect(rate(flow?.deliveredBytes ?? 0, 60_000)).toBeGreaterThan(0.6 * 8 * perConnection);
  });
});

describe('a server that allows ten requests a second', () => {
  const path = { ...REGION, bucket: { perSecond: 10, depth: 10 } };
  const run = (name: CongestionName) => {
    const options = { untilMs: 120_000, fromMs: 10_000, random: createRandom(5) };
    const [flow] = simulate([window(name)], path, PART, options);
    return {
      goodput: rate(flow?.deliveredBytes ?? 0, 110_000) / ((10 * PART) / 1000),
      vain: (flow?.lost ?? 0) / (flow?.requests ?? 1),
    };
  };

  test('makes a fixed window a storm', () => {
    expect(run('fixed').vain).toBeGreaterThan(0.5);
  });

  test.each(['cubic', 'bbr'] as const)('is used to four fifths by %s, without a storm', (name) => {
    const { goodput, vain } = run(name);
    expect(goodput).toBeGreaterThan(0.8);
    expect(vain).toBeLessThan(0.25);
  });
});

test.each([11, 12, 13])('four cubic flows share a throttled server fairly (seed %i)', (seed) => {
  const path = { ...REGION, maxAtOnce: () => 16 };
  const flows = Array.from({ length: 4 }, () => window('cubic', 16));
  const results = simulate(flows, path, PART, {
    untilMs: 180_000,
    fromMs: 30_000,
    random: createRandom(seed),
  });
  expect(jainIndex(results.map(({ deliveredBytes }) => deliveredBytes))).toBeGreaterThanOrEqual(0.95);
});

describe('CUBIC by the numbers of RFC 9438', () => {
  const limits = { partBytes: 1, maxBytes: 100 };
  const begin = { beganMs: 0, deliveredAtBeginBytes: 0, deliveredBytes: 0, wasFull: true };
  const lost = (beganMs: number) => ({
    ...begin,
    beganMs,
    outcome: { kind: 'lost', cause: 'throttled' } as const,
  });

  test('a loss leaves 0.7 of the window, and the second one of a round trip nothing less', () => {
    const once = cubic.step(cubic.start(limits, 0), lost(0), 100);
    expect(cubic.windowBytes(once)).toBeCloseTo(70);
    expect(cubic.step(once, lost(50), 110)).toEqual(once);
    const twice = cubic.step(once, lost(100), 200);
    expect(cubic.windowBytes(twice)).toBeCloseTo(49);
    // Fast convergence: 70 * (1 + 0.7) / 2.
    expect(twice.lastMax).toBeCloseTo(59.5);
  });

  test('the window is back at its last height after K, the cube root of 30 / 0.4 in seconds', () => {
    let state = cubic.step(cubic.start(limits, 0), lost(0), 0);
    let backMs = 0;
    for (let nowMs = 1000; nowMs < 10_000 && backMs === 0; nowMs += 1) {
      const event = { ...begin, beganMs: nowMs - 1000, outcome: { kind: 'acked', bytes: 0.08 } as const };
      state = cubic.step(state, event, nowMs);
      if (cubic.windowBytes(state) >= 99) backMs = nowMs - 1000;
    }
    const kMs = 1000 * Math.cbrt(30 / 0.4);
    // The epoch begins with the first acknowledgement, and the window follows what is due a round trip ahead.
    expect(backMs).toBeGreaterThan(0.75 * kMs);
    expect(backMs).toBeLessThan(1.25 * kMs);
  });

  test('a window that is not used does not grow', () => {
    const reduced = cubic.step(cubic.start(limits, 0), lost(0), 0);
    const idle = { ...begin, wasFull: false, outcome: { kind: 'acked', bytes: 50 } as const };
    expect(cubic.windowBytes(cubic.step(reduced, idle, 5000))).toBeCloseTo(70);
  });
});

test('HyStart++ leaves slow start after five rounds in which the round trip stayed up', () => {
  let state = startHystart(0);
  let nowMs = 0;
  for (let round = 0; round < 10; round += 1) {
    const rttMs = round < 2 ? 100 : 130;
    for (let sample = 0; sample < 8; sample += 1) {
      state = stepHystart(state, nowMs - (sample === 0 ? 0 : 1), rttMs, nowMs + rttMs);
    }
    nowMs += rttMs;
    if (round < 2) expect(state.phase).toBe('slow-start');
    if (round === 3) expect(state.phase).toBe('conservative');
  }
  expect(isSlowStartOver(state)).toBe(true);
});
