import type { Failure } from '../errors/failure.js';

/**
 * Length of the object whose bytes a refused `Range` was to select, where the reply (416) tells it: as `Content-Range`
 * (RFC 9110 section 15.5.17), or as AWS does, in the document. `undefined` where it does not, and for other failures.
 */
export function sizeBehindBadRange({ kind, cause }: Failure): number | undefined {
  if (kind !== 'bad-range') return undefined;
  const error = asRecord(cause);
  const { headers } = asRecord(error['$response']);
  const range = asRecord(headers)['content-range'];
  const field = typeof range === 'string' ? /^bytes \*\/(\d{1,15})$/.exec(range)?.[1] : undefined;
  const told = field ?? error['ActualObjectSize'];
  return typeof told === 'string' && /^\d{1,15}$/.test(told) ? Number(told) : undefined;
}

function asRecord(value: unknown): Record<string, unknown> {
  // Any object can be read by name; what is found is checked before use.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
