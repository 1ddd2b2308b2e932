import { startRate, withBegun, withRefused, withServed } from '../../request-rate/rate.js';
import type { Begin, WindowController } from '../controller.js';

/** A path that parts are fetched over. Rates in bytes per ms. */
export interface SimulatedPath {
  readonly latencyMs: number;
  /** Added to the latency of each part, uniform from 0 to this. */
  readonly jitterMs: number;
  readonly connectionRate: number;
  /** Of all flows together, at a time. */
  capacity(nowMs: number): number;
  /** Chance that a part is lost by a reset in its middle. */
  readonly lossRate: number;
  /** Token bucket of the server, in requests: more are answered 503 after the latency. */
  readonly bucket?: { readonly perSecond: number; readonly depth: number };
  /** Requests that the server serves at one time; more are answered 503. */
  maxAtOnce?(nowMs: number): number;
}

export interface FlowResult {
  deliveredBytes: number;
  requests: number;
  lost: number;
  /** Most that were in flight at one time. */
  peak: number;
}

interface ActivePart {
  readonly flow: Flow;
  readonly begin: Begin;
  readonly beganMs: number;
  waitMs: number;
  leftBytes: number;
  readonly fate: 'acked' | 'throttled' | 'reset';
}

const STEP_MS = 2;

interface RunOptions {
  readonly untilMs: number;
  readonly fromMs?: number;
  /** All flows share one learnt request rate, as the transfers of a process to one store do. @defaultValue false */
  readonly paces?: boolean;
  /** With `paces`: what the timer of the next one in turn comes late by. @defaultValue nothing */
  readonly latenessMs?: () => number;
  readonly random: () => number;
}

/**
 * Runs flows that always have parts to fetch over one path on a virtual clock. All chance comes from `random`; what is
 * delivered and lost before `fromMs` does not count.
 */
export function simulate(
  windows: readonly WindowController[],
  path: SimulatedPath,
  partBytes: number,
  options: RunOptions,
): FlowResult[] {
  const run = new Simulation(windows, path, partBytes, options);
  for (let nowMs = 0; nowMs < options.untilMs; nowMs += STEP_MS) run.step(nowMs);
  return run.flows.map(({ result }) => result);
}

interface Flow {
  readonly window: WindowController;
  readonly result: FlowResult;
  inFlight: number;
}

class Simulation {
  readonly flows: readonly Flow[];
  readonly #path: SimulatedPath;
  readonly #partBytes: number;
  readonly #fromMs: number;
  readonly #paces: boolean;
  readonly #latenessMs: () => number;
  /** Of the next one in turn, where it waits. */
  #lateByMs: number | undefined;
  #rate = startRate();
  readonly #random: () => number;
  readonly #active = new Set<ActivePart>();
  #tokens: number;

  constructor(
    windows: readonly WindowController[],
    path: SimulatedPath,
    partBytes: number,
    { fromMs = 0, paces = false, latenessMs = () => 0, random }: RunOptions,
  ) {
    this.flows = windows.map((window) => ({
      window,
      result: { deliveredBytes: 0, requests: 0, lost: 0, peak: 0 },
      inFlight: 0,
    }));
    this.#path = path;
    this.#partBytes = partBytes;
    this.#fromMs = fromMs;
    this.#paces = paces;
    this.#latenessMs = latenessMs;
    this.#random = random;
    this.#tokens = path.bucket?.depth ?? Infinity;
  }

  step(nowMs: number): void {
    const { bucket } = this.#path;
    if (bucket !== undefined) {
      this.#tokens = Math.min(bucket.depth, this.#tokens + (bucket.perSecond / 1000) * STEP_MS);
    }
    // Turns begin with another flow each time, so that none is served first for ever.
    const first = Math.floor(this.#random() * this.flows.length);
    for (const flow of [...this.flows.slice(first), ...this.flows.slice(0, first)]) this.#start(flow, nowMs);
    this.#move(nowMs);
  }

  #start(flow: Flow, nowMs: number): void {
    const path = this.#path;
    while (flow.inFlight < flow.window.permits(nowMs)) {
      if (this.#paces && this.#waits(nowMs)) return;
      this.#rate = withBegun(this.#rate, nowMs);
      flow.inFlight += 1;
      flow.result.peak = Math.max(flow.result.peak, flow.inFlight);
      const isRefused = this.#tokens < 1 || this.#active.size >= (path.maxAtOnce?.(nowMs) ?? Infinity);
      if (!isRefused) this.#tokens -= 1;
      if (nowMs >= this.#fromMs) flow.result.requests += 1;
      const fate = isRefused ? 'throttled' : this.#random() < path.lossRate ? 'reset' : 'acked';
      const leftBytes = { throttled: 0, reset: this.#partBytes / 2, acked: this.#partBytes }[fate];
      const waitMs = path.latencyMs + this.#random() * path.jitterMs;
      const begin = flow.window.begin(flow.inFlight, nowMs);
      this.#active.add({ flow, begin, beganMs: nowMs, waitMs, leftBytes, fate });
    }
  }

  /** Whoever comes when it may begin waits for no timer. */
  #waits(nowMs: number): boolean {
    const { nextMs } = this.#rate;
    if (nowMs < nextMs) this.#lateByMs ??= this.#latenessMs();
    if (nowMs < nextMs + (this.#lateByMs ?? 0)) return true;
    this.#lateByMs = undefined;
    return false;
  }

  #move(nowMs: number): void {
    const path = this.#path;
    const moving = [...this.#active].filter(({ waitMs, leftBytes }) => waitMs <= 0 && leftBytes > 0).length;
    const share = Math.min(path.connectionRate, path.capacity(nowMs) / Math.max(1, moving)) * STEP_MS;
    for (const part of this.#active) {
      if (part.waitMs > 0) part.waitMs -= STEP_MS;
      else part.leftBytes -= share;
      if (part.waitMs > 0 || part.leftBytes > 0) continue;
      this.#active.delete(part);
      this.#end(part, nowMs + STEP_MS);
    }
  }

  #end({ flow, begin, beganMs, fate }: ActivePart, nowMs: number): void {
    flow.inFlight -= 1;
    if (fate === 'acked') this.#rate = withServed(this.#rate, nowMs);
    if (fate === 'throttled') this.#rate = withRefused(this.#rate, beganMs, nowMs);
    if (nowMs >= this.#fromMs) {
      if (fate === 'acked') flow.result.deliveredBytes += this.#partBytes;
      else flow.result.lost += 1;
    }
    if (fate === 'acked') flow.window.report({ kind: 'acked', bytes: this.#partBytes }, begin, nowMs);
    else flow.window.report({ kind: 'lost', cause: fate }, begin, nowMs);
  }
}

/** Jain, Chiu and Hawe, "A Quantitative Measure of Fairness" (1984): 1 where all have the same. */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}
