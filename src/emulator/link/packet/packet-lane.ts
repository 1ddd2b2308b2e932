import { createRandom, deriveSeed } from '../../../random/random.js';
import { CapacitySchedule } from '../capacity.js';
import { LossProcess } from '../loss.js';
import type { LinkProfile } from '../profile.js';
import { RateBucket } from '../rate-bucket.js';
import type { LaneCounts } from '../statistics.js';
import { flowOf } from './ip.js';
import { TimedQueue } from './timed-queue.js';

/** Least depth of a queue whose depth the profile does not state: some 40 packets. */
const LEAST_QUEUE_BYTES = 64 * 1024;
/** A queue of which the profile says nothing holds what passes in a round trip, but at least in this time. */
const LEAST_QUEUE_MS = 50;
/** Most bytes of one direction in our hands; a sender's window ends long before. */
const MOST_HELD_BYTES = 64 * 1024 * 1024;

/** One packet on its way; `isThrough`: it has passed the ceilings and only its delay is left. */
interface Step {
  readonly packet: Buffer;
  readonly isThrough: boolean;
}

interface Ceiling {
  readonly bucket: RateBucket;
  readonly queueBytes: number;
}

/**
 * One direction of a path of packets. Each packet waits for the ceiling of its connection, then for that of all, both
 * with a queue that drops its tail; then it may be lost, and arrives half a round trip later. Pure: all times come from
 * the caller. Bytes are those of IP packets.
 */
export class PacketLane {
  readonly #delayMs: number;
  readonly #jitterMs: () => number;
  readonly #loss: LossProcess | undefined;
  readonly #shared: Ceiling | undefined;
  readonly #newOwn: (() => Ceiling) | undefined;
  readonly #flows = new Map<number, Ceiling>();
  readonly #steps = new TimedQueue<Step>();
  readonly #counts: LaneCounts;
  #heldBytes = 0;
  #lastDueMs = -Infinity;

  /** @throws RangeError for a rate that is not positive, and for a schedule that ends in an outage. */
  constructor(profile: LinkProfile, side: 'up' | 'down', options: PacketLaneOptions) {
    const { seed, startMs, counts } = options;
    const random = createRandom(deriveSeed(seed, `packets ${side}`));
    const { roundTripMs, jitterMs = 0, lossRatio = 0, lossBurstSegments = 1 } = profile;
    const isUp = side === 'up';
    const ownRate = isUp ? profile.connectionUpBytesPerSecond : profile.connectionDownBytesPerSecond;
    const rate = isUp ? profile.totalUpBytesPerSecond : profile.totalDownBytesPerSecond;
    const depth = isUp ? profile.queueUpBytes : profile.queueDownBytes;
    this.#delayMs = roundTripMs / 2;
    this.#jitterMs = () => (jitterMs === 0 ? 0 : random() * jitterMs);
    this.#loss = lossRatio === 0 ? undefined : new LossProcess(lossRatio, lossBurstSegments, random);
    const usual = (of: number): number =>
      Math.max(LEAST_QUEUE_BYTES, (of / 1000) * Math.max(roundTripMs, LEAST_QUEUE_MS));
    if (rate !== undefined) {
      const bucket = new RateBucket(rate, scheduleOf(profile, startMs));
      this.#shared = { bucket, queueBytes: depth ?? usual(rate) };
    }
    if (ownRate !== undefined) {
      this.#newOwn = () => ({ bucket: new RateBucket(ownRate), queueBytes: usual(ownRate) });
    }
    this.#counts = counts;
  }

  /** When something is to be done next; undefined: nothing is on its way. */
  get nextMs(): number | undefined {
    return this.#steps.firstMs;
  }

  /** A packet arrives from its sender. The lane keeps the buffer until it is handed on. */
  offer(packet: Buffer, nowMs: number): void {
    this.#counts.segments += 1;
    this.#counts.bytes += packet.length;
    if (this.#heldBytes + packet.length > MOST_HELD_BYTES) {
      this.#counts.drops += 1;
      return;
    }
    this.#heldBytes += packet.length;
    const own = this.#ownOf(packet);
    if (own === undefined) {
      this.#enterShared(packet, nowMs);
      return;
    }
    const passedMs = pass(own, packet.length, nowMs);
    if (passedMs === undefined) this.#drop(packet);
    else this.#steps.push(passedMs, { packet, isThrough: false });
  }

  /** Hands on, in their order, the packets that have arrived until `nowMs`. */
  deliver(nowMs: number, hand: (packet: Buffer) => void): void {
    for (;;) {
      const step = this.#steps.takeUntil(nowMs);
      if (step === undefined) return;
      const { packet, isThrough } = step.value;
      // Its own time, not that of the call: a late call does not make the path slower.
      if (!isThrough) this.#enterShared(packet, step.atMs);
      else {
        this.#heldBytes -= packet.length;
        hand(packet);
      }
    }
  }

  #ownOf(packet: Buffer): Ceiling | undefined {
    if (this.#newOwn === undefined) return undefined;
    const flow = flowOf(packet);
    const known = this.#flows.get(flow);
    if (known !== undefined) return known;
    const made = this.#newOwn();
    this.#flows.set(flow, made);
    return made;
  }

  #enterShared(packet: Buffer, atMs: number): void {
    const passedMs = this.#shared === undefined ? atMs : pass(this.#shared, packet.length, atMs);
    if (this.#shared !== undefined) {
      const depth = this.#shared.bucket.waitingBytes(atMs);
      this.#counts.deepestQueueBytes = Math.max(this.#counts.deepestQueueBytes, depth);
    }
    if (passedMs === undefined) {
      this.#drop(packet);
      return;
    }
    if (this.#loss !== undefined && this.#loss.lostOf(1) > 0) {
      this.#counts.losses += 1;
      this.#heldBytes -= packet.length;
      return;
    }
    this.#lastDueMs = Math.max(this.#lastDueMs, passedMs + this.#delayMs + this.#jitterMs());
    this.#steps.push(this.#lastDueMs, { packet, isThrough: true });
  }

  #drop(packet: Buffer): void {
    this.#counts.drops += 1;
    this.#heldBytes -= packet.length;
  }
}

export interface PacketLaneOptions {
  readonly seed: number;
  /** When the steps of the capacity begin. */
  readonly startMs: number;
  /** Counted on; `timeouts` is not ours to know: they are the kernel's. */
  readonly counts: LaneCounts;
}

/** When the packet has passed; undefined where the queue has no room for it. */
function pass({ bucket, queueBytes }: Ceiling, bytes: number, atMs: number): number | undefined {
  if (bucket.waitingBytes(atMs) + bytes > queueBytes) return undefined;
  return bucket.reserve(bytes, atMs);
}

function scheduleOf(profile: LinkProfile, startMs: number): CapacitySchedule | undefined {
  const { capacitySteps, capacityPeriodMs } = profile;
  return capacitySteps === undefined
    ? undefined
    : new CapacitySchedule(capacitySteps, startMs, capacityPeriodMs);
}
