import { Failure, type FailureKind } from '../errors/failure.js';

/** A block that waits for its bytes. */
export interface SpanBlock {
  readonly firstByte: number;
  readonly lengthBytes: number;
  readonly ready: Promise<Uint8Array>;
  readonly fill: (bytes: Uint8Array) => void;
  readonly fail: (reason: Failure) => void;
  done: boolean;
}

/** What a span is read from. */
export interface SpanSource {
  /** Bytes in pieces, which the store's contract calls a stream. */
  read(
    firstByte: number,
    lastByte: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<unknown> | Iterable<unknown>>;
  /**
   * Told of each block before anybody sees it. Where it answers with a promise the block waits for it, and fails with it;
   * such a failure is final.
   */
  readonly check?: (firstByte: number, bytes: Uint8Array) => Promise<void> | undefined;
}

/** Told of each block that came; must not throw. */
export type OnBlock = (block: SpanBlock, bytes: Uint8Array) => void;

/** What a new request may mend: a body broke off after its headers had come. */
const MENDABLE = new Set<FailureKind>(['reset', 'timeout', 'short-body', 'server-error', 'internal']);
const TRIES = 3;

/**
 * As {@link fetchSpan}; where the body breaks off, asks again for the blocks that are still missing.
 *
 * @throws Failure of the last try.
 */
export async function fetchSpanAgain(
  source: SpanSource,
  blocks: readonly SpanBlock[],
  signal: AbortSignal,
  onBlock: OnBlock = () => undefined,
): Promise<void> {
  for (let tries = TRIES; ; tries -= 1) {
    try {
      const missing = blocks.filter((block) => !block.done);
      await fetchSpan(source, missing, signal, onBlock);
      return;
    } catch (error) {
      const failure = Failure.from(error);
      if (tries === 1 || signal.aborted || !MENDABLE.has(failure.kind)) throw failure;
    }
  }
}

/**
 * Fetches neighbouring blocks with one request; each is filled as soon as its last byte is there.
 *
 * @throws Failure `short-body` where the stream ends early or goes on too long; what the source throws.
 */
async function fetchSpan(
  source: SpanSource,
  blocks: readonly SpanBlock[],
  signal: AbortSignal,
  onBlock: OnBlock,
): Promise<void> {
  const first = blocks[0];
  const last = blocks.at(-1);
  if (first === undefined || last === undefined) return;
  const lastByte = last.firstByte + last.lengthBytes - 1;
  signal.throwIfAborted();
  const body = await source.read(first.firstByte, lastByte, signal);
  const filler = new SpanFiller(source, blocks, onBlock);
  // Whoever leaves this loop early ends the stream.
  for await (const chunk of body) {
    signal.throwIfAborted();
    filler.push(chunk as Uint8Array); // a byte stream in the object store's contract
    if (filler.held !== undefined) await filler.held;
  }
  filler.end();
}

class SpanFiller {
  readonly #check: SpanSource['check'];
  readonly #blocks: readonly SpanBlock[];
  readonly #onBlock: OnBlock;
  /** Blocks that wait for the verdict of the check; who pushes waits with them. */
  held: Promise<void> | undefined;
  #index = 0;
  #buffer: Buffer | undefined;
  #filled = 0;

  constructor({ check }: SpanSource, blocks: readonly SpanBlock[], onBlock: OnBlock) {
    this.#check = check;
    this.#blocks = blocks;
    this.#onBlock = onBlock;
  }

  push(chunk: Uint8Array): void {
    let taken = 0;
    while (taken < chunk.length) {
      const block = this.#blocks[this.#index];
      if (block === undefined)
        throw new Failure('short-body', 'The store sent more bytes than were asked for');
      const part = chunk.subarray(taken, taken + block.lengthBytes - this.#filled);
      this.#buffer ??= ownBuffer(part, block.lengthBytes) ?? Buffer.allocUnsafeSlow(block.lengthBytes);
      if (!isPlaced(part, this.#buffer, this.#filled)) this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === block.lengthBytes) this.#finish(block, this.#buffer);
    }
  }

  end(): void {
    if (this.#index < this.#blocks.length) {
      throw new Failure('short-body', 'The store sent fewer bytes than were asked for');
    }
  }

  #finish(block: SpanBlock, bytes: Uint8Array): void {
    const verdict = this.#check?.(block.firstByte, bytes);
    if (verdict === undefined) this.#deliver(block, bytes);
    else {
      this.held = Promise.all([this.held, verdict]).then(() => {
        this.#deliver(block, bytes);
      });
    }
    this.#buffer = undefined;
    this.#filled = 0;
    this.#index += 1;
  }

  #deliver(block: SpanBlock, bytes: Uint8Array): void {
    block.done = true;
    block.fill(bytes);
    this.#onBlock(block, bytes);
  }
}

/**
 * The memory that a client reads the block into, where it is made for this block alone and so may be kept. Node cuts
 * small buffers out of shared ones of {@link Buffer.poolSize}.
 */
function ownBuffer({ buffer, byteOffset }: Uint8Array, lengthBytes: number): Buffer | undefined {
  const isOwn = byteOffset === 0 && buffer.byteLength === lengthBytes && lengthBytes > Buffer.poolSize;
  return isOwn ? Buffer.from(buffer) : undefined;
}

/** Whether bytes already lie where they belong. */
function isPlaced(part: Uint8Array, target: Buffer, offset: number): boolean {
  return part.buffer === target.buffer && part.byteOffset === target.byteOffset + offset;
}
