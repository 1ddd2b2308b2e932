import type { Failure } from '../../errors/failure.js';
import type { PartOutcome } from './controller.js';

/** What the failure of a request says about the path: a refusal, a timeout and a reset are loss, a cancel is nothing. */
export function outcomeOf({ kind, retryAfterMs }: Failure): PartOutcome {
  if (kind !== 'throttled' && kind !== 'timeout' && kind !== 'reset') return { kind: 'ignored' };
  return { kind: 'lost', cause: kind, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
