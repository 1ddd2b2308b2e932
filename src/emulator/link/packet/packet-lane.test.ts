import type { LinkProfile } from '../profile.js';
import { noCounts } from '../statistics.js';
import { PacketLane } from './packet-lane.js';

const PACKET_BYTES = 1000;
const NOTHING: LinkProfile = {
  name: 'test',
  description: '',
  source: '',
  roundTripMs: 0,
  requestOverheadMs: 0,
};

/** A TCP packet of the connection that has this port. */
function packetOf(port: number, mark: number, sizeBytes: number): Buffer {
  const packet = Buffer.alloc(sizeBytes);
  packet.writeUInt8(0x45, 0);
  packet.writeUInt8(6, 9);
  packet.writeUInt16BE(port, 20);
  packet.writeUInt32BE(mark, 40);
  return packet;
}

interface Arrival {
  readonly atMs: number;
  readonly port: number;
  readonly mark: number;
}

/** A lane on a virtual clock: the caller offers in the order of time. */
function laneOf(profile: Partial<LinkProfile>) {
  const counts = noCounts().up;
  const lane = new PacketLane({ ...NOTHING, ...profile }, 'up', { seed: 7, startMs: 0, counts });
  const arrivals: Arrival[] = [];
  const runUntil = (endMs: number): void => {
    for (let atMs = lane.nextMs; atMs !== undefined && atMs <= endMs; atMs = lane.nextMs) {
      const nowMs = atMs;
      lane.deliver(nowMs, (packet) => {
        arrivals.push({ atMs: nowMs, port: packet.readUInt16BE(20), mark: packet.readUInt32BE(40) });
      });
    }
  };
  const offer = (atMs: number, port = 1, mark = 0, sizeBytes = PACKET_BYTES): void => {
    runUntil(atMs);
    lane.offer(packetOf(port, mark, sizeBytes), atMs);
  };
  return { offer, runUntil, arrivals, counts };
}

describe('a lane of packets', () => {
  test('a lone packet takes its time on the wire and half a round trip', () => {
    const { offer, runUntil, arrivals } = laneOf({ roundTripMs: 40, totalUpBytesPerSecond: 100_000 });
    offer(5);
    runUntil(Infinity);
    expect(arrivals).toEqual([{ atMs: 5 + 10 + 20, port: 1, mark: 0 }]);
  });

  test('a sender at twice the rate gets the rate; the queue holds its depth and drops the rest', () => {
    const { offer, runUntil, arrivals, counts } = laneOf({
      totalUpBytesPerSecond: 1_000_000,
      queueUpBytes: 20_000,
    });
    for (let atMs = 0; atMs < 10_000; atMs += 0.5) offer(atMs);
    runUntil(10_000);
    const bytes = arrivals.length * PACKET_BYTES;
    expect(Math.abs(bytes / 10_000_000 - 1)).toBeLessThan(0.01);
    expect(counts.deepestQueueBytes).toBeLessThanOrEqual(20_000);
    expect(counts.deepestQueueBytes).toBeGreaterThan(18_000);
    runUntil(Infinity);
    expect(arrivals.length + counts.drops).toBe(20_000);
  });

  test('each connection has a ceiling of its own, and one that waits there holds up no other', () => {
    const { offer, runUntil, arrivals } = laneOf({
      connectionUpBytesPerSecond: 100_000,
      totalUpBytesPerSecond: 10_000_000,
    });
    for (let index = 0; index < 50; index += 1) offer(0, 1);
    offer(1, 2);
    runUntil(Infinity);
    const ofFirst = arrivals.filter(({ port }) => port === 1);
    expect(ofFirst).toHaveLength(50);
    expect(ofFirst.at(-1)?.atMs).toBeCloseTo(500 + 0.1, 5);
    expect(arrivals.find(({ port }) => port === 2)?.atMs).toBeCloseTo(1 + 10 + 0.1, 5);
  });

  test.each([1, 6])('the share that is lost is the one asked for, in bursts of %i', (lossBurstSegments) => {
    const { offer, runUntil, arrivals, counts } = laneOf({ lossRatio: 0.02, lossBurstSegments });
    const sent = 60_000;
    for (let mark = 0; mark < sent; mark += 1) offer(mark, 1, mark, 44);
    runUntil(Infinity);
    expect(counts.losses + arrivals.length).toBe(sent);
    expect(Math.abs(counts.losses / sent / 0.02 - 1)).toBeLessThan(0.1);
    const bursts = arrivals.filter(({ mark }, index) => mark - (arrivals[index - 1]?.mark ?? -1) > 1).length;
    expect(Math.abs(counts.losses / bursts / lossBurstSegments - 1)).toBeLessThan(0.1);
  });

  test('jitter is between nothing and what was asked, and keeps the order', () => {
    const { offer, runUntil, arrivals } = laneOf({ roundTripMs: 10, jitterMs: 8 });
    for (let mark = 0; mark < 1000; mark += 1) offer(mark * 2, 1, mark);
    runUntil(Infinity);
    const late = arrivals.map(({ atMs, mark }) => atMs - mark * 2 - 5);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThanOrEqual(8);
    expect(Math.max(...late) - Math.min(...late)).toBeGreaterThan(4);
    expect(arrivals.map(({ mark }) => mark)).toEqual(Array.from({ length: 1000 }, (_none, mark) => mark));
  });

  test('an outage lets nothing through, and what waited comes after it', () => {
    const { offer, runUntil, arrivals } = laneOf({
      totalUpBytesPerSecond: 100_000,
      capacitySteps: [
        { afterMs: 100, factor: 0 },
        { afterMs: 300, factor: 1 },
      ],
    });
    for (let index = 0; index < 20; index += 1) offer(0, 1, index);
    runUntil(Infinity);
    expect(arrivals.filter(({ atMs }) => atMs > 100.01 && atMs < 300)).toEqual([]);
    expect(arrivals.at(-1)?.atMs).toBeCloseTo(400, 5);
  });
});
