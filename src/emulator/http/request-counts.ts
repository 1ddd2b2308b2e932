import type { RequestCount } from '../../report/model.js';

/** One request, when it is done. */
export interface ServedRequest {
  readonly operation: string;
  /** Of the reply; absent where the connection ended without a whole one. */
  readonly status?: number;
  /** Bytes of the body that the server sent. */
  readonly bytesSent: number;
  /** Content of the body that the server got, without the framing of chunks. */
  readonly bytesReceived: number;
  /** Method and target as they stand in the request line. */
  readonly asked: string;
  /** The header `amz-sdk-request`: `attempt=2; max=3`, sent by the AWS SDKs. */
  readonly sdkRequest?: string | undefined;
}

/** Failed requests that are remembered, to know their next try by; the oldest is forgotten first. */
const MOST_REMEMBERED = 4096;

/**
 * Counts what the server was asked, by operation and status, and tells which requests were sent again: an AWS SDK says
 * so; of others it is the same request after a reply of 429 or 5xx, or after none.
 */
export class RequestCounts {
  readonly #counts = new Map<string, RequestCount>();
  readonly #failed = new Set<string>();

  add(served: ServedRequest): void {
    const { operation, status = 'none', bytesSent, bytesReceived } = served;
    const before = this.#counts.get(operation);
    const statuses = before?.statuses ?? {};
    const failed = status === 'none' || status >= 400;
    this.#counts.set(operation, {
      operation,
      count: (before?.count ?? 0) + 1,
      errors: (before?.errors ?? 0) + (failed ? 1 : 0),
      statuses: { ...statuses, [status]: (statuses[status] ?? 0) + 1 },
      retries: (before?.retries ?? 0) + (this.#isRetry(served) ? 1 : 0),
      bytesSent: (before?.bytesSent ?? 0) + bytesSent,
      bytesReceived: (before?.bytesReceived ?? 0) + bytesReceived,
    });
  }

  /** In the order of names. */
  snapshot(): RequestCount[] {
    return [...this.#counts.values()].sort((a, b) => (a.operation < b.operation ? -1 : 1));
  }

  #isRetry({ asked, status, sdkRequest = '' }: ServedRequest): boolean {
    const failedBefore = this.#failed.delete(asked);
    if (status === undefined || status === 429 || status >= 500) this.#remember(asked);
    return failedBefore || Number(/attempt=(\d+)/.exec(sdkRequest)?.[1] ?? 1) > 1;
  }

  #remember(asked: string): void {
    this.#failed.add(asked);
    const [oldest] = this.#failed;
    if (this.#failed.size > MOST_REMEMBERED && oldest !== undefined) this.#failed.delete(oldest);
  }
}
