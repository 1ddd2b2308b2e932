import { closeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isIpv4 } from './ip.js';
import * as libc from '../../../libc/libc.js';
import { MTU_BYTES } from './namespace.js';
import type { PacketLane } from './packet-lane.js';

/** Packets that are read from a device before the other one has its turn. */
const BATCH_PACKETS = 64;
/** Timers count in ms: what is due within half a one goes now, so that delays are right on average. */
const EARLY_MS = 0.5;

/** One device, and the path that its packets take to the other. */
interface Side {
  readonly from: number;
  readonly to: number;
  readonly lane: PacketLane;
}

/** Carries packets between two TUN devices. */
export class Pump {
  readonly #sides: readonly Side[];
  readonly #watches: readonly { close(): void }[];
  readonly #buffer = Buffer.allocUnsafe(MTU_BYTES);
  #timer: NodeJS.Timeout | undefined;
  #isAwake = false;
  #isClosed = false;

  /** Takes the descriptors over: {@link close} closes them. */
  constructor(near: number, far: number, lanes: { readonly up: PacketLane; readonly down: PacketLane }) {
    this.#sides = [
      { from: near, to: far, lane: lanes.up },
      { from: far, to: near, lane: lanes.down },
    ];
    this.#watches = [near, far].map((fd) => libc.watchReadable(fd, this.#wake));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const watch of this.#watches) watch.close();
    for (const { from } of this.#sides) closeSync(from);
  }

  readonly #wake = (): void => {
    if (this.#isAwake) return;
    this.#isAwake = true;
    setImmediate(this.#turn);
  };

  /** What is not read in this turn makes the descriptor readable in the next. */
  readonly #turn = (): void => {
    this.#isAwake = false;
    if (this.#isClosed) return;
    for (const side of this.#sides) {
      this.#receive(side);
      side.lane.deliver(performance.now() + EARLY_MS, (packet) => {
        // A refusal is one of a device that goes down: TCP sends it again.
        libc.write(side.to, packet, packet.length);
      });
    }
    this.#sleep();
  };

  #receive({ from, lane }: Side): void {
    for (let count = 0; count < BATCH_PACKETS; count += 1) {
      const sizeBytes = libc.read(from, this.#buffer, MTU_BYTES);
      if (sizeBytes <= 0) return;
      const packet = Buffer.from(this.#buffer.subarray(0, sizeBytes));
      // IPv6 looks for neighbours on each new device.
      if (isIpv4(packet)) lane.offer(packet, performance.now());
    }
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    const nextMs = Math.min(...this.#sides.map(({ lane }) => lane.nextMs ?? Infinity));
    if (nextMs === Infinity) return;
    this.#timer = setTimeout(this.#wake, Math.max(1, Math.round(nextMs - performance.now())));
  }
}
