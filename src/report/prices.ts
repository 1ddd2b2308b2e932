import type { RequestCount } from './model.js';

/**
 * Prices of requests in US dollars: S3 Standard, us-east-1, https://aws.amazon.com/s3/pricing/ ("Requests & data
 * retrievals"), as of {@link PRICES_AS_OF}. Storage and data transfer out of AWS are not among them.
 */
export const PRICES_AS_OF = '2025-11';

/** PUT, COPY, POST and LIST: 0.005 per 1,000. */
const WRITE_DOLLARS = 0.005 / 1000;
/** GET, SELECT and all other requests: 0.0004 per 1,000. */
const READ_DOLLARS = 0.0004 / 1000;

/** What a price hangs on. */
type Billable = Pick<RequestCount, 'operation' | 'count' | 'statuses'>;

/** What one request of an operation costs; DELETE and cancel requests are free. */
export function priceOf(operation: string): number {
  if (/^(Delete|Abort)/.test(operation)) return operation === 'DeleteObjects' ? WRITE_DOLLARS : 0;
  const isWrite = /^(Put|Post|Copy|List|Create|Complete|UploadPart)/.test(operation);
  return isWrite ? WRITE_DOLLARS : READ_DOLLARS;
}

/**
 * What these requests cost. Refused ones (4xx) count, replies with 5xx do not:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ErrorCodeBilling.html. One without a reply counts: S3 may have
 * done it.
 */
export function dollarsFor(requests: readonly Billable[]): number {
  return requests.reduce((sum, each) => sum + billed(each) * priceOf(each.operation), 0);
}

function billed({ count, statuses = {} }: Billable): number {
  const free = Object.entries(statuses).filter(([status]) => /^5\d\d$/.test(status));
  return count - free.reduce((sum, [, replies]) => sum + replies, 0);
}

/** What these requests cost when they are made a million times. */
export function dollarsPerMillion(requests: readonly Billable[]): number {
  // Prices have at most four digits after the point: what is further right comes from the binary fractions.
  return Number((dollarsFor(requests) * 1_000_000).toFixed(4));
}

/** `$5.40 per million runs`. */
export function perMillionRuns(requests: readonly Billable[]): string {
  return `${formatDollars(dollarsPerMillion(requests))} per million runs`;
}

/** `$1,234.50`. */
export function formatDollars(dollars: number): string {
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** Requests of all operations together. */
export function sumOf(requests: readonly RequestCount[]): {
  readonly count: number;
  readonly errors: number;
  readonly retries: number;
} {
  const add = (value: (each: RequestCount) => number): number =>
    requests.reduce((sum, each) => sum + value(each), 0);
  return {
    count: add(({ count }) => count),
    errors: add(({ errors }) => errors),
    retries: add(({ retries = 0 }) => retries),
  };
}

/** Says what its requests cost, where they are known. */
export function withPrice<T extends { readonly requests?: readonly RequestCount[] | undefined }>(
  result: T,
): T & { dollarsPerMillionRuns?: number } {
  if (result.requests === undefined) return result;
  return { ...result, dollarsPerMillionRuns: dollarsPerMillion(result.requests) };
}

/** What was asked between two counts of one server. */
export function countsBetween(
  before: readonly RequestCount[],
  after: readonly RequestCount[],
): RequestCount[] {
  return after
    .map((now) =>
      difference(
        now,
        before.find(({ operation }) => operation === now.operation),
      ),
    )
    .filter(({ count }) => count > 0);
}

function difference(now: RequestCount, then: RequestCount | undefined): RequestCount {
  if (then === undefined) return now;
  const { statuses, retries } = now;
  const newStatuses = Object.entries(statuses ?? {})
    .map(([status, count]) => [status, count - (then.statuses?.[status] ?? 0)] as const)
    .filter(([, count]) => count > 0);
  return {
    operation: now.operation,
    count: now.count - then.count,
    errors: now.errors - then.errors,
    ...(statuses === undefined ? {} : { statuses: Object.fromEntries(newStatuses) }),
    ...(retries === undefined ? {} : { retries: retries - (then.retries ?? 0) }),
    bytesSent: now.bytesSent - then.bytesSent,
    bytesReceived: now.bytesReceived - then.bytesReceived,
  };
}

/** What several servers were asked, as of one: in the order of names. */
export function countsTogether(servers: readonly (readonly RequestCount[])[]): RequestCount[] {
  const sums = new Map<string, RequestCount>();
  for (const each of servers.flat()) {
    const before = sums.get(each.operation);
    sums.set(each.operation, before === undefined ? each : sum(before, each));
  }
  return [...sums.values()].sort((a, b) => (a.operation < b.operation ? -1 : 1));
}

function sum(one: RequestCount, other: RequestCount): RequestCount {
  const statuses = { ...one.statuses };
  for (const [status, count] of Object.entries(other.statuses ?? {}))
    statuses[status] = (statuses[status] ?? 0) + count;
  const hasStatuses = one.statuses !== undefined || other.statuses !== undefined;
  const hasRetries = one.retries !== undefined || other.retries !== undefined;
  return {
    operation: one.operation,
    count: one.count + other.count,
    errors: one.errors + other.errors,
    ...(hasStatuses ? { statuses } : {}),
    ...(hasRetries ? { retries: (one.retries ?? 0) + (other.retries ?? 0) } : {}),
    bytesSent: one.bytesSent + other.bytesSent,
    bytesReceived: one.bytesReceived + other.bytesReceived,
  };
}
