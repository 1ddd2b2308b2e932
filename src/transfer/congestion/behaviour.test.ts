import { createRandom } from '../../random/random.js';
import { bbr, type BbrState } from './bbr.js';
import { runControl, type CongestionControl, type WindowController } from './controller.js';
import { cubic, type CubicState } from './cubic.js';
import { jainIndex, simulate, type SimulatedPath } from './testing/path-simulator.js';

const MB = 1e6;
const PART = 4 * MB;
const PATH: SimulatedPath = {
  latencyMs: 20,
  jitterMs: 5,
  connectionRate: 25_000,
  capacity: () => 200_000,
  lossRate: 0,
};

/** What a control was after one step. */
interface Traced<State> {
  readonly nowMs: number;
  readonly state: State;
}

/** A control that notes each state it goes through. */
function traced<State>(control: CongestionControl<State>, connections: number) {
  const trace: Traced<State>[] = [];
  const noting: CongestionControl<State> = {
    ...control,
    step(before, event, nowMs) {
      const state = control.step(before, event, nowMs);
      trace.push({ nowMs, state });
      return state;
    },
  };
  return { trace, window: runControl(noting, { partBytes: PART, maxBytes: connections * PART }, 0) };
}

function windowOf(name: 'cubic' | 'bbr', connections: number): WindowController {
  return (name === 'cubic' ? traced<CubicState>(cubic, connections) : traced<BbrState>(bbr, connections))
    .window;
}

/** Neighbours that are equal count once. */
function turns<T>(values: readonly T[]): readonly T[] {
  return values.filter((value, index) => value !== values[index - 1]);
}

describe('bbr', () => {
  const { trace, window } = traced<BbrState>(bbr, 16);
  // A path on which no two round trips are alike: the least one is not seen again by itself.
  simulate([window], { ...PATH, jitterMs: 1_000 }, PART, { untilMs: 60_000, random: createRandom(21) });

  test('goes from startup through drain to probing for bandwidth, and empties the path to see its round trip', () => {
    const modes = turns(trace.map(({ state }) => state.mode));
    expect(modes.slice(0, 5)).toEqual([
      'startup',
      'drain',
      'probe-bandwidth',
      'probe-rtt',
      'probe-bandwidth',
    ]);
  });

  test('looks anew for the least round trip ten seconds after it was last seen', () => {
    const first = trace.findIndex(({ state }) => state.mode === 'probe-rtt');
    const seenMs = trace[first - 1]?.state.leastRttAtMs ?? NaN;
    const sinceMs = (trace[first]?.nowMs ?? NaN) - seenMs;
    expect(sinceMs).toBeGreaterThan(10_000);
    expect(sinceMs).toBeLessThan(11_000);
  });

  test('goes through all eight gains of its cycle in order while it probes for bandwidth', () => {
    const probing = trace.filter(({ state }) => state.mode === 'probe-bandwidth');
    const gains = turns(probing.map(({ state }) => state.cycleAt));
    expect(gains.slice(0, 9)).toEqual([2, 3, 4, 5, 6, 7, 0, 1, 2]);
  });
});

describe.each(['cubic', 'bbr'] as const)('%s', (name) => {
  test.each([11, 12, 13])('gives four transfers over one path equal shares (seed %i)', (seed) => {
    const path = { ...PATH, maxAtOnce: () => 16 };
    const flows = Array.from({ length: 4 }, () => windowOf(name, 16));
    const options = { untilMs: 180_000, fromMs: 30_000, random: createRandom(seed) };
    const shares = simulate(flows, path, PART, options).map(({ deliveredBytes }) => deliveredBytes);
    expect(jainIndex(shares)).toBeGreaterThanOrEqual(0.95);
  });

  /** A step of what the server serves at a time; the round trip of a part is 0.2 s. */
  const STEP_MS = 60_000;
  const ROUND_TRIPS = 50;
  const AFTER_MS = STEP_MS + ROUND_TRIPS * 200;

  function stepped(before: number, after: number, fromMs: number, untilMs: number) {
    const path = { ...PATH, maxAtOnce: (nowMs: number) => (nowMs < STEP_MS ? before : after) };
    const options = { fromMs, untilMs, random: createRandom(31) };
    const [flow] = simulate([windowOf(name, 16)], path, PART, options);
    const perMs = (flow?.deliveredBytes ?? 0) / (untilMs - fromMs);
    return { perMs, vain: (flow?.lost ?? 0) / Math.max(1, flow?.requests ?? 0) };
  }

  test(`follows a path that is halved within ${ROUND_TRIPS} round trips: few requests are in vain`, () => {
    const settled = stepped(4, 4, AFTER_MS, AFTER_MS + 20_000);
    const halved = stepped(8, 4, AFTER_MS, AFTER_MS + 20_000);
    expect(halved.perMs).toBeGreaterThan(0.9 * settled.perMs);
    expect(halved.vain).toBeLessThan(0.25);
  });

  test(`follows a path that is doubled within ${ROUND_TRIPS} round trips`, () => {
    const settled = stepped(8, 8, AFTER_MS, AFTER_MS + 20_000);
    const doubled = stepped(4, 8, AFTER_MS, AFTER_MS + 20_000);
    expect(doubled.perMs).toBeGreaterThan(0.9 * settled.perMs);
  });

  test('grows only when its window is used, and takes no notice of what was cancelled', () => {
    const unused = windowOf(name, 16);
    const used = windowOf(name, 16);
    for (const flow of [unused, used]) {
      flow.report({ kind: 'lost', cause: 'throttled' }, flow.begin(16, 0), 100);
      flow.report({ kind: 'lost', cause: 'throttled' }, flow.begin(16, 101), 200);
    }
    const height = unused.permits(200);
    const fill = (flow: WindowController, inFlight: () => number, kind: 'acked' | 'ignored'): number => {
      for (let nowMs = 1_000; nowMs < 30_000; nowMs += 200) {
        const begin = flow.begin(inFlight(), nowMs);
        const outcome = kind === 'acked' ? ({ kind, bytes: PART } as const) : ({ kind } as const);
        flow.report(outcome, begin, nowMs + 200);
      }
      return flow.permits(30_000);
    };
    expect(fill(unused, () => 16, 'ignored')).toBe(height);
    expect(fill(unused, () => 1, 'acked')).toBeLessThanOrEqual(height);
    if (name === 'cubic') expect(fill(used, () => used.permits(30_000), 'acked')).toBeGreaterThan(height);
  });
});

test('HyStart++ ends slow start by the round trips alone, before anything is lost', () => {
  const { trace, window } = traced<CubicState>(cubic, 128);
  // A timeout leaves one part, and slow start is the way back.
  window.report({ kind: 'lost', cause: 'timeout' }, window.begin(128, 0), 0);
  const afterMs = trace.length;
  // Eight connections fill this path; each one more makes all round trips longer.
  const path = { ...PATH, jitterMs: 10 };
  const [flow] = simulate([window], path, PART, { untilMs: 20_000, random: createRandom(41) });
  const slow = trace.slice(afterMs).filter(({ state }) => state.window < state.threshold);
  expect(flow?.lost).toBe(0);
  expect(turns(slow.map(({ state }) => state.hystart.phase))).toEqual(['slow-start', 'conservative']);
  const end = trace.slice(afterMs).find(({ state }) => state.window >= state.threshold);
  // The threshold that the timeout left: 0.7 of 128.
  expect(end?.state.threshold).toBeLessThan(0.7 * 128);
});
