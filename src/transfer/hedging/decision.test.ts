import { decideHedge, startHedging, withDuration, withThrottling, type HedgeState } from './decision.js';

const MIB = 2 ** 20;

/** A transfer of so many parts of 1 MiB, the last ones of which took these times. */
function measured(durationsMs: readonly number[], requests = 20): HedgeState {
  const state = durationsMs.reduce((so, ms) => withDuration(so, MIB, ms), startHedging());
  return { ...state, requests };
}

const usual = measured([100, 300, 200, 250, 150]);
const part = { sizeBytes: MIB, beganMs: 1_000, hasRoom: true };

test('a part is asked for again when it has taken half more than nearly all others', () => {
  expect(decideHedge(usual, part, 1_449)).toEqual({ kind: 'wait', waitMs: 1 });
  expect(decideHedge(usual, part, 1_450)).toEqual({ kind: 'hedge' });
});

test('one slow part in a hundred does not move the limit: it is a quantile', () => {
  const durations = [...Array.from({ length: 50 }, () => 200), 60_000];
  expect(decideHedge(measured(durations), part, 1_300)).toEqual({ kind: 'hedge' });
});

test('parts that come within milliseconds are not asked for again before 200 ms', () => {
  const fast = measured([5, 5, 5, 5, 5]);
  expect(decideHedge(fast, part, 1_199).kind).toBe('wait');
  expect(decideHedge(fast, part, 1_200).kind).toBe('hedge');
});

test('without five measured parts of the size class there is nothing to compare with', () => {
  expect(decideHedge(measured([100, 100, 100, 100]), part, 60_000).kind).toBe('wait');
  expect(decideHedge(usual, { ...part, sizeBytes: 4 * MIB }, 60_000).kind).toBe('wait');
});

test('at most one in twenty parts is asked for again, and one of fewer', () => {
  expect(decideHedge({ ...usual, requests: 8 }, part, 5_000).kind).toBe('hedge');
  expect(decideHedge({ ...usual, requests: 20, hedged: 1 }, part, 5_000).kind).toBe('wait');
  expect(decideHedge({ ...usual, requests: 21, hedged: 1 }, part, 5_000).kind).toBe('hedge');
});

test('a store that has refused a request is left alone for ten seconds, or as long as it wants', () => {
  expect(decideHedge(withThrottling(usual, 0, 1_000), part, 10_999).kind).toBe('wait');
  expect(decideHedge(withThrottling(usual, 0, 1_000), part, 11_000).kind).toBe('hedge');
  expect(decideHedge(withThrottling(usual, 30_000, 1_000), part, 30_999).kind).toBe('wait');
});

test('a full window has no room for a second request', () => {
  expect(decideHedge(usual, { ...part, hasRoom: false }, 5_000).kind).toBe('wait');
});

test('a part over 16 MiB is never held in memory for it', () => {
  expect(decideHedge(usual, { ...part, sizeBytes: 16 * MIB + 1 }, 5_000).kind).toBe('never');
});
