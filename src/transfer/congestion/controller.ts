/** What one attempt to move one part says about the path. */
export type PartOutcome =
  | { readonly kind: 'acked'; readonly bytes: number; readonly rttMs: number }
  | { readonly kind: 'lost'; readonly cause: 'throttled' | 'timeout' | 'reset' }
  /** Cancelled, or failed for a reason that says nothing about the path. */
  | { readonly kind: 'ignored' };

/** The moment of an outcome, handed in because a controller has no clock of its own. */
export interface OutcomeContext {
  /** Monotonic. */
  readonly nowMs: number;
  /** The window was used up when the part began: only then may it grow. */
  readonly wasFull: boolean;
}

/**
 * Decides how many parts may be in flight. Controllers are pure: state and events only, no timers, clock or random
 * numbers, so a seeded link simulator can drive them.
 */
export interface WindowController {
  readonly name: string;
  /** Parts that may be in flight now; at least 1. */
  permits(): number;
  /** Takes one outcome for each attempt that was begun. */
  report(outcome: PartOutcome, context: OutcomeContext): void;
}
