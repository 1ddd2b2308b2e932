import { Failure } from '../../errors/failure.js';
import { pause } from '../../s3/backoff.js';
import type { WindowController } from '../congestion/controller.js';
import { outcomeOf } from '../congestion/outcome.js';
import type { Pacer } from '../pacing.js';
import { inFlight, type Tally } from '../tally.js';
import { decideHedge, startHedging, withDuration, withThrottling, type HedgeState } from './decision.js';

/** One part that may be asked for twice. */
export interface HedgedPart {
  readonly sizeBytes: number;
  readonly window: WindowController;
  readonly signal: AbortSignal | undefined;
}

type Request<T> = (signal: AbortSignal) => Promise<T>;
/** What a second request has brought. */
interface Spare<T> {
  readonly value: T;
  readonly durationMs: number;
}

/**
 * Asks a second time for the slow parts of one transfer. Downloads only: a second UploadPart that the server finishes
 * after the first has been answered may replace the part under an ETag that nobody has seen (SSE-KMS).
 */
export class Hedger {
  readonly #tally: Tally;
  readonly #pacer: Pacer | undefined;
  #state: HedgeState = startHedging();

  constructor(tally: Tally, pacer: Pacer | undefined) {
    this.#tally = tally;
    this.#pacer = pacer;
  }

  /**
   * Runs `first`; where it is slow, `second` beside it. The one that ends first counts; the other is cancelled, and has
   * ended when this returns.
   *
   * @returns what `second` brought, or `undefined` where `first` has done it.
   * @throws Failure of `first`.
   */
  async race<T>(part: HedgedPart, first: Request<void>, second: Request<T>): Promise<T | undefined> {
    const [stopFirst, stopSecond] = [new AbortController(), new AbortController()];
    const beganMs = performance.now();
    this.#state = { ...this.#state, requests: this.#state.requests + 1 };
    const turn = { isAtWork: false };
    const main = endOf(first(either(part.signal, stopFirst))).then((failure) => {
      if (failure === undefined) this.#brought(part.sizeBytes, performance.now() - beganMs);
      else this.#failed(failure);
      // What is under way may still bring the part, but not out of a store that refuses requests.
      if (!turn.isAtWork || failure === undefined || failure.kind === 'throttled') stopSecond.abort();
      return failure;
    });
    const spare = await this.#spare(part, beganMs, second, either(part.signal, stopSecond), turn);
    if (spare !== undefined) stopFirst.abort();
    const failure = await main;
    if (failure === undefined) return undefined;
    if (spare === undefined) throw failure;
    this.#tally.hedgeWins += 1;
    this.#brought(part.sizeBytes, spare.durationMs);
    return spare.value;
  }

  /** Never rejects: what goes wrong here is no reason to give up the first request. */
  async #spare<T>(
    part: HedgedPart,
    beganMs: number,
    second: Request<T>,
    stop: AbortSignal,
    turn: { isAtWork: boolean },
  ): Promise<Spare<T> | undefined> {
    try {
      if (!(await this.#isDue(part, beganMs, stop))) return undefined;
      turn.isAtWork = true;
      return await inFlight(this.#tally, () => this.#askAgain(part, second, stop));
    } catch {
      return undefined;
    }
  }

  /** Resolves when a second request is to begin, or never will be. */
  async #isDue({ sizeBytes, window }: HedgedPart, beganMs: number, stop: AbortSignal): Promise<boolean> {
    for (;;) {
      const nowMs = performance.now();
      const hasRoom = this.#tally.inFlight < window.permits(nowMs);
      const decision = decideHedge(this.#state, { sizeBytes, beganMs, hasRoom }, nowMs);
      if (decision.kind !== 'wait') return decision.kind === 'hedge';
      await pause(decision.waitMs, stop);
    }
  }

  async #askAgain<T>(
    { sizeBytes, window }: HedgedPart,
    second: Request<T>,
    stop: AbortSignal,
  ): Promise<Spare<T>> {
    this.#state = { ...this.#state, hedged: this.#state.hedged + 1 };
    await this.#pacer?.take(sizeBytes, stop);
    this.#tally.hedged += 1;
    const begin = window.begin(this.#tally.inFlight, performance.now());
    try {
      const value = await second(stop);
      return { value, durationMs: performance.now() - begin.beganMs };
    } catch (reason) {
      const failure = Failure.from(reason);
      if (failure.kind === 'cancelled') this.#tally.hedgesCancelled += 1;
      this.#failed(failure);
      window.report(outcomeOf(failure), begin, performance.now());
      throw failure;
    }
  }

  #brought(sizeBytes: number, durationMs: number): void {
    this.#state = withDuration(this.#state, sizeBytes, durationMs);
  }

  #failed({ kind, retryAfterMs }: Failure): void {
    if (kind === 'throttled') this.#state = withThrottling(this.#state, retryAfterMs ?? 0, performance.now());
  }
}

/** How a request ended: `undefined` is well. */
async function endOf(request: Promise<void>): Promise<Failure | undefined> {
  try {
    await request;
    return undefined;
  } catch (reason) {
    return Failure.from(reason);
  }
}

function either(signal: AbortSignal | undefined, own: AbortController): AbortSignal {
  return signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
}
