import fc from 'fast-check';
import type { Lane } from './lane.js';
import { createLink, type Link } from './link.js';
import { LossProcess } from './loss.js';
import type { LinkProfile } from './profile.js';
import { createRandom } from '../../random/random.js';
import { SEGMENT_BYTES } from './sender-window.js';
import { simulate, type Transfer } from './testing/virtual-path.js';

const MB = 1e6;
const PLAIN = { name: 'test', description: '', source: '', roundTripMs: 0, requestOverheadMs: 0 };
const clock = { nowMs: () => 0, after: () => () => undefined };

function linkOf(profile: Partial<LinkProfile>, seed = 1): Link {
  return createLink({ ...PLAIN, ...profile }, { clock, seed });
}

function run(lane: Lane, bytes: number, late?: () => number): Transfer {
  const [transfer] = simulate([lane], bytes, 0, late);
  if (transfer === undefined) throw new Error('nothing was moved');
  return transfer;
}

function arrivedBefore({ arrivals }: Transfer, timeMs: number): number {
  return arrivals.reduce((sum, { bytes, dueMs }) => sum + (dueMs <= timeMs ? bytes : 0), 0);
}

describe('a path on a virtual clock', () => {
  test('slow start sends 10 segments, then twice as many each round trip, however late the timers are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 3 }), (late) => {
        let at = 0;
        const link = linkOf({ roundTripMs: 100, slowStart: true });
        const transfer = run(
          link.newDownLane(),
          150 * SEGMENT_BYTES,
          () => late[(at += 1) % late.length] ?? 0,
        );
        // 10 + 20 + 40 + 80 = 150 segments take four half-rounds out and three back. A first timer may be late.
        const slack = 13;
        expect(arrivedBefore(transfer, 50 + slack)).toBe(10 * SEGMENT_BYTES);
        expect(arrivedBefore(transfer, 150 + slack)).toBe(30 * SEGMENT_BYTES);
        expect(arrivedBefore(transfer, 250 + slack)).toBe(70 * SEGMENT_BYTES);
        expect(arrivedBefore(transfer, 350 + slack)).toBe(150 * SEGMENT_BYTES);
      }),
      { numRuns: 30 },
    );
  });

  test('a pause of more than a time-out begins slow start anew', () => {
    const lane = linkOf({ roundTripMs: 20, slowStart: true }).newDownLane();
    const [first] = simulate([lane], MB, 0);
    const [second] = simulate([lane], MB, 60_000);
    expect((second?.doneMs ?? 0) - 60_000).toBeCloseTo(first?.doneMs ?? 0, 0);
  });

  test.each([
    [0.001, 1],
    [0.01, 1],
    [0.01, 8],
    [0.05, 3],
  ])('a share of %d of the segments is lost, in bursts of %d, within 5 %', (lossRatio, burst) => {
    const loss = new LossProcess(lossRatio, burst, createRandom(7));
    let lost = 0;
    const segments = (20_000 * burst) / lossRatio;
    for (let sent = 0; sent < segments; sent += 40) lost += loss.lostOf(40);
    expect(Math.abs(lost / segments / lossRatio - 1)).toBeLessThan(0.05);
  });

  test.each([1, 3, 8])('losses come %d at a time on average, within 5 %', (burst) => {
    const loss = new LossProcess(0.05, burst, createRandom(9));
    const ends: number[] = [];
    for (let sent = 0, run = 0; sent < 200_000; sent += 1) {
      const isLost = loss.lostOf(1) > 0;
      if (!isLost && run > 0) ends.push(run);
      run = isLost ? run + 1 : 0;
    }
    const mean = ends.reduce((sum, length) => sum + length, 0) / ends.length;
    expect(Math.abs(mean / burst - 1)).toBeLessThan(0.05);
  });

  test('pieces of any size meet the same losses as single segments', () => {
    const total = (step: (sent: number) => number): number => {
      const loss = new LossProcess(0.01, 4, createRandom(3));
      let lost = 0;
      for (let sent = 0; sent < 100_000;) {
        const segments = Math.min(step(sent), 100_000 - sent);
        lost += loss.lostOf(segments);
        sent += segments;
      }
      return lost;
    };
    expect(total(() => 1)).toBe(total((sent) => 1 + (sent % 45)));
  });

  test('a lane counts what its loss process took, and CUBIC makes of 0.1 % at 70 ms what RFC 9438 computes', () => {
    const link = linkOf({ roundTripMs: 70, slowStart: true, lossRatio: 0.001 });
    const bytes = 400 * MB;
    const { doneMs } = run(link.newDownLane(), bytes);
    const { losses, segments } = link.counts.down;
    expect(segments).toBeGreaterThanOrEqual(bytes / SEGMENT_BYTES);
    expect(losses / segments).toBeGreaterThan(0.0007);
    expect(losses / segments).toBeLessThan(0.0013);
    // The Reno-friendly window, 1.2 / sqrt(p) segments each round trip, of which time-outs take their part.
    const expected = ((1.2 / Math.sqrt(0.001)) * SEGMENT_BYTES) / 0.07;
    expect(bytes / (doneMs / 1000) / expected).toBeGreaterThan(0.6);
    expect(bytes / (doneMs / 1000) / expected).toBeLessThan(1.4);
  });

  test('the same seed loses the same segments, another seed others', () => {
    const dues = (seed: number): number[] => {
      const link = linkOf({ roundTripMs: 30, jitterMs: 5, lossRatio: 0.01 }, seed);
      return run(link.newUpLane(), MB).arrivals.map(({ dueMs }) => dueMs);
    };
    expect(dues(4)).toEqual(dues(4));
    expect(dues(4)).not.toEqual(dues(5));
  });

  test('jitter delays each piece by up to its bound and keeps the order', () => {
    const lane = linkOf({ roundTripMs: 20, jitterMs: 10 }).newDownLane();
    const delays: number[] = [];
    for (let at = 0; at < 5000; at += 20) {
      lane.admit(Buffer.alloc(10), at);
      lane.senderIdle(at);
      delays.push((lane.take(Infinity)?.dueMs ?? NaN) - at);
    }
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(10);
    expect(Math.min(...delays)).toBeLessThan(11);
    expect(Math.max(...delays)).toBeLessThanOrEqual(20);
    expect(Math.max(...delays)).toBeGreaterThan(19);
  });

  test('a queue delays by its depth, drops what comes beyond it, and the ceiling stays used within 5 %', () => {
    const rate = 5 * MB;
    const queueDownBytes = 500_000;
    const link = linkOf({ roundTripMs: 25, totalDownBytesPerSecond: rate, queueDownBytes, slowStart: true });
    const lanes = Array.from({ length: 4 }, () => link.newDownLane());
    const transfers = simulate(lanes, 10 * MB, 0);
    const { drops, deepestQueueBytes } = link.counts.down;
    expect(drops).toBeGreaterThan(0);
    expect(deepestQueueBytes).toBeLessThanOrEqual(queueDownBytes);
    expect(deepestQueueBytes).toBeGreaterThan(0.95 * queueDownBytes);
    const arrived = transfers.reduce((sum, transfer) => sum + arrivedBefore(transfer, 5000), 0);
    expect(arrived / (rate * 5)).toBeGreaterThan(0.95);
    expect(arrived / (rate * 5)).toBeLessThan(1.01);
    expect(transfers.every(({ bytesArrived }) => bytesArrived === 10 * MB)).toBe(true);
  });

  test('a small request waits behind a full queue, and not where connections take turns', () => {
    const waitMs = (profile: Partial<LinkProfile>): number => {
      const link = linkOf({ roundTripMs: 25, totalUpBytesPerSecond: MB, ...profile });
      const bulk = link.newUpLane();
      const small = link.newUpLane();
      let nowMs = 0;
      for (; nowMs < 20_000; nowMs += 1) {
        while (bulk.mayAdmit(nowMs)) bulk.admit(Buffer.alloc(bulk.nextBytes), nowMs);
        while (bulk.take(nowMs) !== undefined);
      }
      small.admit(Buffer.alloc(500), nowMs);
      return (small.take(Infinity)?.dueMs ?? NaN) - nowMs;
    };
    expect(waitMs({})).toBeLessThan(20);
    expect(waitMs({ queueUpBytes: 250_000 })).toBeGreaterThan(150);
  });

  test('capacity follows its steps within 5 %, and begins again after its period', () => {
    const link = linkOf({
      roundTripMs: 10,
      totalDownBytesPerSecond: MB,
      capacitySteps: [
        { afterMs: 1000, factor: 0.5 },
        { afterMs: 2000, factor: 0 },
        { afterMs: 3000, factor: 2 },
      ],
      capacityPeriodMs: 4000,
    });
    const transfer = run(link.newDownLane(), 7 * MB);
    const marks = [1, 2, 3, 4, 5, 6, 7, 8].map((second) => arrivedBefore(transfer, second * 1000 + 5) / MB);
    const expected = [1, 1.5, 1.5, 3.5, 4.5, 5, 5, 7];
    marks.forEach((mark, index) => {
      expect(Math.abs(mark / (expected[index] ?? NaN) - 1)).toBeLessThan(0.05);
    });
    expect(Math.abs(transfer.doneMs - 8005)).toBeLessThan(400);
  });

  test('connections are reset after the mean that was asked for, within 5 %', () => {
    const link = linkOf({ meanBytesToReset: 10 * MB });
    const lengths = Array.from({ length: 10_000 }, () => link.bytesToReset());
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    expect(Math.abs(mean / (10 * MB) - 1)).toBeLessThan(0.05);
    expect(linkOf({}).bytesToReset()).toBe(Infinity);
  });
});
