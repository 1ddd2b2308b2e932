import type { ChannelEnd, FuseChannel, SendOutcome } from '../channel.js';

/** A reply as the kernel would take it apart. */
export interface SentReply {
  readonly unique: bigint;
  /** As the kernel sees it: 0 or a negative number. */
  readonly error: number;
  readonly body: Buffer;
}

/** A connection without a kernel: the test pushes requests and looks at replies. */
export class ScriptedChannel implements FuseChannel {
  readonly backing = { open: () => undefined, close: () => undefined };
  readonly replies: SentReply[] = [];
  readonly notifications: Buffer[] = [];
  /** Requests that were taken out. */
  received = 0;
  /** What becomes of the next replies. */
  outcome: SendOutcome = 'sent';
  readonly #requests: Buffer[] = [];
  readonly #onReply = new Set<() => void>();
  #end: ChannelEnd | undefined;
  #wake: (() => void) | undefined;

  push(...requests: readonly Buffer[]): void {
    this.#requests.push(...requests);
    this.#wake?.();
  }

  end(how: ChannelEnd): void {
    this.#end = how;
    this.#wake?.();
  }

  receive(buffer: Buffer): number | 'empty' | ChannelEnd {
    const request = this.#requests.shift();
    if (request === undefined) return this.#end ?? 'empty';
    this.received += 1;
    return request.copy(buffer);
  }

  async readable(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  send(parts: readonly Uint8Array[]): SendOutcome {
    const bytes = Buffer.concat(parts);
    if (bytes.readUInt32LE(0) !== bytes.length) throw new TypeError('The header counts other bytes');
    const reply = { unique: bytes.readBigUInt64LE(8), error: bytes.readInt32LE(4), body: bytes.subarray(16) };
    this.replies.push(reply);
    for (const check of this.#onReply) check();
    return this.outcome;
  }

  async notify(message: Uint8Array): Promise<void> {
    this.notifications.push(Buffer.from(message));
    return Promise.resolve();
  }

  close(): void {
    this.end('aborted');
  }

  /** Resolves when so many replies were sent since the beginning. */
  async replied(count: number): Promise<readonly SentReply[]> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.replies.length < count) return;
        this.#onReply.delete(check);
        resolve();
      };
      this.#onReply.add(check);
      check();
    });
    return this.replies;
  }
}
