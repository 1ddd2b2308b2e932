/** What the end of one request for a part says about the path. */
export type PartOutcome =
  | { readonly kind: 'acked'; readonly bytes: number }
  | {
      readonly kind: 'lost';
      readonly cause: 'throttled' | 'timeout' | 'reset';
      readonly retryAfterMs?: number;
    }
  /** Cancelled, or failed for a reason that says nothing about the path. */
  | { readonly kind: 'ignored' };

/** An outcome with what the window was when its request began. */
export interface WindowEvent {
  readonly outcome: PartOutcome;
  /** Monotonic, as the time of the event. */
  readonly beganMs: number;
  /** Bytes that all requests had brought when this one began. */
  readonly deliveredAtBeginBytes: number;
  /** The same now, with those of this one. */
  readonly deliveredBytes: number;
  /** The window was used up when the request began: only then may it grow (RFC 9438 section 4.2). */
  readonly wasFull: boolean;
}

/** What a controller is told once. */
export interface WindowLimits {
  /** The size of a full part: what a segment is to TCP. */
  readonly partBytes: number;
  /** The window never grows over this: `transfer.connections` parts. */
  readonly maxBytes: number;
}

/**
 * Decides how many bytes may be in flight over the requests of a transfer. Pure functions of state, event and time: no
 * timers, clock or random numbers, so a seeded simulator can drive them.
 */
export interface CongestionControl<State> {
  readonly name: string;
  start(limits: WindowLimits, nowMs: number): State;
  step(state: State, event: WindowEvent, nowMs: number): State;
  windowBytes(state: State): number;
}

/** A control at work on one transfer. */
export interface WindowController {
  readonly name: string;
  /** Parts that may be in flight now; at least 1. */
  permits(nowMs: number): number;
  /** Notes that a request begins with so many in flight, itself among them. */
  begin(inFlight: number, nowMs: number): Begin;
  /** Takes the end of a request. */
  report(outcome: PartOutcome, begin: Begin, nowMs: number): void;
}

/** Noted when a request begins. */
export type Begin = Pick<WindowEvent, 'beganMs' | 'deliveredAtBeginBytes' | 'wasFull'>;

/** Runs a control over parts of one size. After a `Retry-After` one part at a time goes on until then. */
export function runControl<State>(
  control: CongestionControl<State>,
  limits: WindowLimits,
  startMs: number,
): WindowController {
  let state = control.start(limits, startMs);
  let deliveredBytes = 0;
  let heldUntilMs = -Infinity;
  const permits = (nowMs: number): number => {
    if (nowMs < heldUntilMs) return 1;
    const windowBytes = Math.min(control.windowBytes(state), limits.maxBytes);
    return Math.max(1, Math.floor(windowBytes / limits.partBytes + ROUNDING));
  };
  return {
    name: control.name,
    permits,
    begin: (inFlight, nowMs) => ({
      beganMs: nowMs,
      deliveredAtBeginBytes: deliveredBytes,
      wasFull: inFlight >= permits(nowMs),
    }),
    report(outcome, begin, nowMs) {
      if (outcome.kind === 'ignored') return;
      if (outcome.kind === 'acked') deliveredBytes += outcome.bytes;
      else heldUntilMs = Math.max(heldUntilMs, nowMs + (outcome.retryAfterMs ?? 0));
      state = control.step(state, { outcome, ...begin, deliveredBytes }, nowMs);
    },
  };
}

/** A window of eight parts is eight, whatever floating point makes of it. */
const ROUNDING = 1e-9;
