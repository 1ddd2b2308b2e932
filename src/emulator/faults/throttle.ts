import type { AskedRequest } from './faults.js';
import type { Fault, FaultCount, ThrottleRule } from './rules.js';

/**
 * What S3 documents for each prefix (S3 User Guide, "Best practices design patterns": "3,500 PUT/COPY/POST/DELETE or
 * 5,500 GET/HEAD requests per second per partitioned prefix").
 */
const WRITES_PER_SECOND = 3500;
const READS_PER_SECOND = 5500;
/** What may come at once after a pause, as a part of a second's requests. */
const BURST_SECONDS = 0.1;
/** Prefixes that are remembered; the oldest is forgotten, which a client that is over its limit never is. */
const MOST_PREFIXES = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
  perSecond: number;
  /** When a refusal last began to count towards a split. */
  refusedSinceMs: number | undefined;
  lastRefusalMs: number;
}

/** Refuses requests above a rate, each prefix by itself. A token bucket for reads and one for writes. */
export class Throttle {
  readonly #rule: ThrottleRule;
  readonly #buckets = new Map<string, Bucket>();
  #asked = 0;
  #refused = 0;

  constructor(rule: ThrottleRule) {
    this.#rule = rule;
  }

  count(): FaultCount {
    return { name: 'throttle', matched: this.#asked, fired: this.#refused };
  }

  /** The 503 of a request that comes too soon; undefined: it may pass. */
  refusal(asked: AskedRequest, nowMs: number): Fault | undefined {
    this.#asked += 1;
    const bucket = this.#bucketOf(asked, nowMs);
    const most = Math.max(1, bucket.perSecond * BURST_SECONDS);
    bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * bucket.perSecond);
    bucket.atMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return undefined;
    }
    this.#refused += 1;
    this.#splitAfterLong(bucket, nowMs);
    const { retryAfterSeconds } = this.#rule;
    return {
      kind: 'status',
      status: 503,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }

  #bucketOf({ method, bucket, key }: AskedRequest, nowMs: number): Bucket {
    const isRead = method === 'GET' || method === 'HEAD';
    const prefix = this.#rule.per === 'bucket' ? '' : key.slice(0, key.lastIndexOf('/') + 1);
    const name = `${isRead ? 'r' : 'w'} ${bucket}/${prefix}`;
    const known = this.#buckets.get(name);
    if (known !== undefined) return known;
    const { readsPerSecond = READS_PER_SECOND, writesPerSecond = WRITES_PER_SECOND } = this.#rule;
    const perSecond = isRead ? readsPerSecond : writesPerSecond;
    const tokens = Math.max(1, perSecond * BURST_SECONDS);
    const made: Bucket = { tokens, atMs: nowMs, perSecond, refusedSinceMs: undefined, lastRefusalMs: nowMs };
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= MOST_PREFIXES && oldest !== undefined) this.#buckets.delete(oldest);
    this.#buckets.set(name, made);
    return made;
  }

  /** S3 gives a prefix more room while its load lasts. */
  #splitAfterLong(bucket: Bucket, nowMs: number): void {
    const { splitAfterSeconds } = this.#rule;
    if (splitAfterSeconds === undefined) return;
    if (bucket.refusedSinceMs === undefined || nowMs - bucket.lastRefusalMs > splitAfterSeconds * 1000) {
      bucket.refusedSinceMs = nowMs;
    }
    bucket.lastRefusalMs = nowMs;
    if (nowMs - bucket.refusedSinceMs < splitAfterSeconds * 1000) return;
    bucket.perSecond *= 2;
    bucket.refusedSinceMs = undefined;
  }
}
