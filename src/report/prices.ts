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

/** What one request of an operation costs; DELETE and cancel requests are free. */
export function priceOf(operation: string): number {
  if (/^(Delete|Abort)/.test(operation)) return operation === 'DeleteObjects' ? WRITE_DOLLARS : 0;
  const isWrite = /^(Put|Post|Copy|List|Create|Complete|UploadPart)/.test(operation);
  return isWrite ? WRITE_DOLLARS : READ_DOLLARS;
}

/** What these requests cost, refused ones included: S3 charges for most of them. */
export function dollarsFor(requests: readonly RequestCount[]): number {
  return requests.reduce((sum, { operation, count }) => sum + count * priceOf(operation), 0);
}

/** `$5.40 per million runs`. */
export function perMillionRuns(requests: readonly RequestCount[]): string {
  const dollars = dollarsFor(requests) * 1_000_000;
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} per million runs`;
}

/** What was asked between two counts of one server. */
export function countsBetween(
  before: readonly RequestCount[],
  after: readonly RequestCount[],
): RequestCount[] {
  return after
    .map((now) => {
      const then = before.find(({ operation }) => operation === now.operation);
      return {
        operation: now.operation,
        count: now.count - (then?.count ?? 0),
        errors: now.errors - (then?.errors ?? 0),
        bytesSent: now.bytesSent - (then?.bytesSent ?? 0),
        bytesReceived: now.bytesReceived - (then?.bytesReceived ?? 0),
      };
    })
    .filter(({ count }) => count > 0);
}
