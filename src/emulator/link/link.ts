import { performance } from 'node:perf_hooks';
import { Lane } from './lane.js';
import type { LinkProfile } from './profile.js';
import { RateBucket } from './rate-bucket.js';

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

/** A profile with its shared ceilings: one for all connections of one server. */
export interface Link {
  readonly profile: LinkProfile;
  readonly clock: LinkClock;
  /** False where the profile asks for nothing: connections are passed through untouched. */
  readonly shapes: boolean;
  newUpLane(): Lane;
  newDownLane(): Lane;
}

const QUANTUM_MS = 2;
/** One Ethernet frame's payload, so that a slow line still moves in small steps. */
const LEAST_QUANTUM_BYTES = 1460;
const MOST_QUANTUM_BYTES = 64 * 1024;
/** Most bytes of one direction of one connection in our hands where the rate sets no smaller limit. */
const CAPACITY_BYTES = 4 * 1024 * 1024;

/** Makes the shared state of a link. */
export function createLink(profile: LinkProfile, clock: LinkClock = SYSTEM_CLOCK): Link {
  const sharedUp = bucketOf(profile.totalUpBytesPerSecond);
  const sharedDown = bucketOf(profile.totalDownBytesPerSecond);
  const delayMs = profile.roundTripMs / 2;
  return {
    profile,
    clock,
    shapes:
      profile.roundTripMs > 0 ||
      profile.requestOverheadMs > 0 ||
      sharedUp !== undefined ||
      sharedDown !== undefined ||
      profile.connectionUpBytesPerSecond !== undefined ||
      profile.connectionDownBytesPerSecond !== undefined,
    newUpLane: () =>
      laneOf(delayMs, sharedUp, profile.connectionUpBytesPerSecond, profile.totalUpBytesPerSecond),
    newDownLane: () =>
      laneOf(delayMs, sharedDown, profile.connectionDownBytesPerSecond, profile.totalDownBytesPerSecond),
  };
}

function bucketOf(bytesPerSecond: number | undefined): RateBucket | undefined {
  return bytesPerSecond === undefined ? undefined : new RateBucket(bytesPerSecond);
}

function laneOf(
  delayMs: number,
  shared: RateBucket | undefined,
  ownRate?: number,
  sharedRate?: number,
): Lane {
  const rate = Math.min(ownRate ?? Infinity, sharedRate ?? Infinity);
  const perQuantum = Math.floor((rate / 1000) * QUANTUM_MS);
  const quantumBytes = Math.max(LEAST_QUANTUM_BYTES, Math.min(MOST_QUANTUM_BYTES, perQuantum));
  const inFlight = (rate / 1000) * delayMs * 2 + 4 * quantumBytes;
  const own = bucketOf(ownRate);
  return new Lane({
    delayMs,
    quantumBytes,
    capacityBytes: Math.min(CAPACITY_BYTES, inFlight),
    ...(own === undefined ? {} : { own }),
    ...(shared === undefined ? {} : { shared }),
  });
}
