import { performance } from 'node:perf_hooks';
import { CapacitySchedule } from './capacity.js';
import { Lane } from './lane.js';
import { LossProcess } from './loss.js';
import type { LinkProfile } from './profile.js';
import { createRandom, deriveSeed } from '../../random/random.js';
import { lengthUntil } from './draws.js';
import { RateBucket } from './rate-bucket.js';
import { SEGMENT_BYTES, SenderWindow } from './sender-window.js';
import { noCounts, type LaneCounts, type LinkCounts } from './statistics.js';

/** Time for the link; a test gives its own. */
export interface LinkClock {
  nowMs(): number;
  /** Calls `wake` after `delayMs`; answers with the way to cancel it. */
  after(delayMs: number, wake: () => void): () => void;
}

export const SYSTEM_CLOCK: LinkClock = {
  nowMs: () => performance.now(),
  after: (delayMs, wake) => {
    const timer = setTimeout(wake, Math.max(1, Math.ceil(delayMs)));
    return () => {
      clearTimeout(timer);
    };
  },
};

export interface LinkOptions {
  /** @defaultValue the system's */
  readonly clock?: LinkClock;
  /** Of losses, jitter and resets; the n-th connection of the same seed meets the same. @defaultValue 1 */
  readonly seed?: number;
  /** Put around each new lane, for tests. @defaultValue nothing is */
  readonly around?: AroundLanes;
}

/** What the lanes of a connection go through when they are made. */
export interface AroundLanes {
  readonly up: (lane: Lane) => Lane;
  readonly down: (lane: Lane) => Lane;
}

/** A profile with its shared ceilings: one for all connections of one server. */
export interface Link {
  readonly profile: LinkProfile;
  readonly clock: LinkClock;
  /** False where the profile asks for nothing: connections are passed through untouched. */
  readonly shapes: boolean;
  readonly counts: LinkCounts;
  newUpLane(): Lane;
  newDownLane(): Lane;
  /** After how many bytes the next connection is reset; Infinity where the profile does not say. */
  bytesToReset(): number;
}

/** A piece of less costs the processor more for its timers than for its bytes. */
const QUANTUM_MS = 5;
const MOST_QUANTUM_BYTES = 64 * 1024;
/** Most bytes of one direction of one connection in our hands where the rate sets no smaller limit. */
const CAPACITY_BYTES = 4 * 1024 * 1024;

/** One direction of a profile. */
interface Direction {
  readonly shared?: RateBucket;
  readonly ownRate?: number;
  readonly totalRate?: number;
  readonly queueBytes?: number;
  readonly counts: LaneCounts;
}

/**
 * Makes the shared state of a link.
 *
 * @throws RangeError for a rate that is not positive, and for a schedule that ends in an outage.
 */
export function createLink(profile: LinkProfile, options: LinkOptions = {}): Link {
  const { clock = SYSTEM_CLOCK, seed = 1, around } = options;
  const counts = noCounts();
  const schedule = scheduleOf(profile, clock.nowMs());
  const { queueUpBytes, queueDownBytes } = profile;
  const up = directionOf(
    [profile.connectionUpBytesPerSecond, profile.totalUpBytesPerSecond, queueUpBytes],
    schedule,
    counts.up,
  );
  const down = directionOf(
    [profile.connectionDownBytesPerSecond, profile.totalDownBytesPerSecond, queueDownBytes],
    schedule,
    counts.down,
  );
  // Each lane has a stream of its own: traffic of one connection does not move the losses of another.
  let lanes = 0;
  const laneFor = (direction: Direction): Lane => {
    lanes += 1;
    return laneOf(profile, direction, seed, lanes);
  };
  const resets = createRandom(deriveSeed(seed, 'resets'));
  return {
    profile,
    clock,
    counts,
    shapes: asksForSomething(profile) || around !== undefined,
    newUpLane: () => (around?.up ?? same)(laneFor(up)),
    newDownLane: () => (around?.down ?? same)(laneFor(down)),
    bytesToReset: () =>
      profile.meanBytesToReset === undefined ? Infinity : lengthUntil(profile.meanBytesToReset, resets),
  };
}

function same(lane: Lane): Lane {
  return lane;
}

/** Words do not shape, and neither does a number of 0. */
function asksForSomething(profile: LinkProfile): boolean {
  const values: readonly unknown[] = Object.values(profile);
  return values.some((value) =>
    typeof value === 'number' ? value > 0 : value === true || Array.isArray(value),
  );
}

function scheduleOf(profile: LinkProfile, startMs: number): CapacitySchedule | undefined {
  const { capacitySteps, capacityPeriodMs } = profile;
  if (capacitySteps === undefined) return undefined;
  return new CapacitySchedule(capacitySteps, startMs, capacityPeriodMs);
}

function directionOf(
  [ownRate, totalRate, queueBytes]: readonly (number | undefined)[],
  schedule: CapacitySchedule | undefined,
  counts: LaneCounts,
): Direction {
  return {
    counts,
    ...(ownRate === undefined ? {} : { ownRate }),
    ...(totalRate === undefined ? {} : { totalRate, shared: new RateBucket(totalRate, schedule) }),
    ...(queueBytes === undefined ? {} : { queueBytes }),
  };
}

function laneOf(profile: LinkProfile, direction: Direction, seed: number, lane: number): Lane {
  const { roundTripMs, lossRatio = 0, lossBurstSegments = 1, jitterMs = 0 } = profile;
  const { ownRate, shared, queueBytes, counts } = direction;
  const rate = Math.min(ownRate ?? Infinity, direction.totalRate ?? Infinity);
  const perQuantum = Math.floor((rate / 1000) * QUANTUM_MS);
  const quantumBytes = Math.max(SEGMENT_BYTES, Math.min(MOST_QUANTUM_BYTES, perQuantum));
  // Without a rate there is no product of rate and delay to keep under way.
  const inFlight = rate === Infinity ? Infinity : (rate / 1000) * roundTripMs + 4 * quantumBytes;
  const random = createRandom(deriveSeed(seed, `lane ${lane}`));
  const hasWindow = profile.slowStart ?? (lossRatio > 0 || queueBytes !== undefined);
  return new Lane({
    delayMs: roundTripMs / 2,
    quantumBytes,
    // A window keeps the sender back by itself, and what waits behind a hole lies in the receiver's buffer.
    capacityBytes: hasWindow ? CAPACITY_BYTES : Math.min(CAPACITY_BYTES, inFlight),
    counts,
    ...(ownRate === undefined ? {} : { own: new RateBucket(ownRate) }),
    ...(shared === undefined ? {} : { shared }),
    ...(queueBytes === undefined ? {} : { queueBytes }),
    ...(jitterMs === 0 ? {} : { jitterMs: () => random() * jitterMs }),
    ...(lossRatio === 0 ? {} : { loss: new LossProcess(lossRatio, lossBurstSegments, random) }),
    ...(hasWindow ? { window: new SenderWindow(roundTripMs) } : {}),
  });
}
