import fc from 'fast-check';
import type { Lane } from './lane.js';
import { createLink } from './link.js';
import type { LinkProfile } from './profile.js';
import { LINK_PROFILES, profileForRegion, profileNamed } from './profiles.js';
import { simulate } from './testing/virtual-path.js';

const MB = 1e6;
const PLAIN = { name: 'test', description: '', source: '', roundTripMs: 0, requestOverheadMs: 0 };

function lanesOf(profile: LinkProfile, count: number): Lane[] {
  const link = createLink(profile);
  return Array.from({ length: count }, () => link.newDownLane());
}

describe('a lane on a virtual clock', () => {
  const rates = fc.constantFrom(0.5 * MB, 5 * MB, 25 * MB, 100 * MB);

  test('keeps its rate within 2 %, however late the timers are', () => {
    fc.assert(
      fc.property(rates, fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 5 }), (rate, late) => {
        const lanes = lanesOf({ ...PLAIN, connectionDownBytesPerSecond: rate }, 1);
        let at = 0;
        const [transfer] = simulate(lanes, rate, 5000, () => late[(at += 1) % late.length] ?? 0);
        const tookMs = (transfer?.doneMs ?? NaN) - 5000;
        expect(tookMs).toBeGreaterThan(980);
        expect(tookMs).toBeLessThan(1020);
      }),
      { numRuns: 25 },
    );
  });

  test('shares the common ceiling within 10 %', () => {
    const profile = { ...PLAIN, totalDownBytesPerSecond: 200 * MB };
    const transfers = simulate(lanesOf(profile, 16), 10 * MB, 0, () => 1);
    const ends = transfers.map(({ doneMs }) => doneMs);
    expect(Math.max(...ends)).toBeGreaterThan(784);
    expect(Math.max(...ends)).toBeLessThan(816);
    expect(Math.min(...ends)).toBeGreaterThan(0.9 * Math.max(...ends));
  });

  test('is held by its own ceiling where the common one is not reached', () => {
    const profile = { ...PLAIN, connectionDownBytesPerSecond: 25 * MB, totalDownBytesPerSecond: 200 * MB };
    const ends = simulate(lanesOf(profile, 4), 10 * MB, 0, () => 1).map(({ doneMs }) => doneMs);
    for (const endMs of ends) expect(Math.abs(endMs - 400)).toBeLessThan(8);
  });

  test('sends good pieces of its window, however late the timers are: each piece costs the processor', () => {
    for (const latenessMs of [0, 1, 12]) {
      const [transfer] = simulate(lanesOf(profileNamed('same-region'), 1), 10 * MB, 0, () => latenessMs);
      expect(transfer?.arrivals.length).toBeLessThan((10 * MB) / 50_000);
    }
  });

  test('saves nothing up while the sender is silent', () => {
    const lanes = lanesOf({ ...PLAIN, connectionDownBytesPerSecond: 25 * MB }, 1);
    simulate(lanes, 1 * MB, 0, () => 0);
    const [second] = simulate(lanes, 1 * MB, 10_000, () => 0);
    expect((second?.doneMs ?? NaN) - 10_000).toBeGreaterThan(39);
  });

  test('delays every byte by half a round trip', () => {
    const lanes = lanesOf({ ...PLAIN, roundTripMs: 70 }, 1);
    const [transfer] = simulate(lanes, 100, 0, () => 0);
    expect(Math.abs((transfer?.doneMs ?? NaN) - 35)).toBeLessThan(1);
  });

  test('admits nothing while it is held, and keeps the order', () => {
    const [lane] = lanesOf({ ...PLAIN, roundTripMs: 10 }, 1);
    if (lane === undefined) throw new Error('no lane');
    lane.holdUntil(100);
    expect(lane.mayAdmit(99)).toBe(false);
    expect(lane.mayAdmit(100)).toBe(true);
    lane.admit(Buffer.from('a'), 101);
    lane.admit(Buffer.from('b'), 101);
    expect(lane.take(104)).toBeUndefined();
    expect(lane.take(106)?.bytes.toString()).toBe('a');
    expect(lane.take(106)?.bytes.toString()).toBe('b');
    expect(lane.isEmpty).toBe(true);
  });

  test('takes no more than its capacity while nobody receives', () => {
    const [lane] = lanesOf({ ...PLAIN, roundTripMs: 10 }, 1);
    let taken = 0;
    while (lane?.mayAdmit(0) === true && taken < 100 * MB) {
      lane.admit(Buffer.alloc(lane.nextBytes), 0);
      taken += lane.nextBytes;
    }
    expect(taken).toBeLessThan(5 * MB);
  });
});

describe('link profiles', () => {
  test('each names its source and the direction of its numbers', () => {
    expect(LINK_PROFILES.map(({ name }) => name)).toEqual([
      ...['loopback', 'lan', 'same-region', 'cross-region', 'home', 'mobile', 'satellite'],
    ]);
    for (const { source, description } of LINK_PROFILES) expect(source && description).toBeTruthy();
    expect(createLink(profileNamed('loopback')).shapes).toBe(false);
    expect(() => profileNamed('moon')).toThrow(/no link profile "moon"/);
  });

  test('the same region reaches its first byte after 20 ms, and seven connections fill the host', () => {
    const profile = profileNamed('same-region');
    expect(profile.roundTripMs + profile.requestOverheadMs).toBe(20);
    expect(profile.totalDownBytesPerSecond).toBe(7 * (profile.connectionDownBytesPerSecond ?? 0));
  });

  test('a region is near unless a distant client is named', () => {
    expect(profileForRegion('us-west-2').name).toBe('same-region');
    expect(profileForRegion('garage', 'us-east-1').name).toBe('same-region');
    const across = profileForRegion('us-west-2', 'us-east-1');
    expect(across.roundTripMs).toBeGreaterThan(45);
    expect(across.roundTripMs).toBeLessThan(80);
    expect(profileForRegion('ap-southeast-2', 'eu-west-1').roundTripMs).toBeGreaterThan(200);
  });
});
