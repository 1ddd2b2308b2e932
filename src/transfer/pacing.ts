import { pause } from '../s3/backoff.js';

/** Lets parts begin no faster than a rate allows. */
export interface Pacer {
  /** Resolves when so many bytes may begin; fails with `cancelled` when the signal fires. */
  take(sizeBytes: number, signal: AbortSignal | undefined): Promise<void>;
}

/** What paces transfers of one configuration: all of them share one rate. */
const pacers = new WeakMap<object, Pacer>();

/** The pacer of these settings; none without a `targetThroughput`. */
export function pacerFor(settings: { readonly targetThroughput?: number | undefined }): Pacer | undefined {
  const { targetThroughput } = settings;
  if (targetThroughput === undefined) return undefined;
  const known = pacers.get(settings) ?? createPacer(targetThroughput);
  pacers.set(settings, known);
  return known;
}

/**
 * Each part pays for its bytes with the time before the next one may begin, so over more than one part the rate is never
 * above the ceiling.
 */
export function createPacer(bytesPerSecond: number): Pacer {
  let freeAtMs = -Infinity;
  return {
    async take(sizeBytes, signal) {
      const nowMs = performance.now();
      const beginMs = Math.max(nowMs, freeAtMs);
      freeAtMs = beginMs + (1000 * sizeBytes) / bytesPerSecond;
      if (beginMs > nowMs) await pause(beginMs - nowMs, signal);
    },
  };
}
