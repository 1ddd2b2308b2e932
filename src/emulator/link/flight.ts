/** Bytes that are under way and the time at which the sender hears that they have arrived. */
interface Sent {
  readonly bytes: number;
  readonly ackMs: number;
  readonly roundTripMs: number;
}

/** What a sender has sent and not heard of yet, in the order of the answers. */
export class Flight {
  readonly #sent: Sent[] = [];
  #bytes = 0;

  /** Bytes without an answer, lost ones included. */
  get bytes(): number {
    return this.#bytes;
  }

  get nextAckMs(): number | undefined {
    return this.#sent[0]?.ackMs;
  }

  /** Bytes that left the sender; an answer to them may never come. */
  leave(bytes: number): void {
    this.#bytes += bytes;
  }

  /** When the answer to bytes that have left will come. */
  expect(sent: Sent): void {
    // Jitter and recovery let a later answer come first; it is seldom far.
    let at = this.#sent.length;
    while (at > 0 && (this.#sent[at - 1]?.ackMs ?? 0) > sent.ackMs) at -= 1;
    this.#sent.splice(at, 0, sent);
  }

  /** The next answer, if it has come. */
  take(nowMs: number): Sent | undefined {
    const next = this.#sent[0];
    if (next === undefined || next.ackMs > nowMs) return undefined;
    this.#sent.shift();
    this.#bytes -= next.bytes;
    return next;
  }
}
