import type { RequestCount } from '../../report/model.js';

/** Counts what the server was asked, by operation. */
export class RequestCounts {
  readonly #counts = new Map<string, RequestCount>();

  /**
   * @param bytesSent - Bytes of the body that the server sent.
   * @param bytesReceived - Content of the body that the server got, without the framing of chunks.
   */
  add(operation: string, failed: boolean, bytesSent: number, bytesReceived: number): void {
    const before = this.#counts.get(operation);
    this.#counts.set(operation, {
      operation,
      count: (before?.count ?? 0) + 1,
      errors: (before?.errors ?? 0) + (failed ? 1 : 0),
      bytesSent: (before?.bytesSent ?? 0) + bytesSent,
      bytesReceived: (before?.bytesReceived ?? 0) + bytesReceived,
    });
  }

  /** In the order of names. */
  snapshot(): RequestCount[] {
    return [...this.#counts.values()].sort((a, b) => (a.operation < b.operation ? -1 : 1));
  }
}
