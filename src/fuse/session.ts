import { Failure } from '../errors/failure.js';
import type { FileSystem } from '../fs/operations.js';
import type { Log } from '../log/log.js';
import { MOST_PAGES, PAGE_SIZE, WRITE_OVERHEAD } from './abi/layouts.js';
import { BufferPool } from './buffer-pool.js';
import type { ChannelEnd, FuseChannel } from './channel.js';
import type { CanWrite, HandlerContext, ServedOperation } from './handlers/handler.js';
import { handle } from './handlers/table.js';
import { InFlight } from './in-flight.js';
import { negotiate } from './negotiate.js';
import { QueuedNotifier } from './notifier.js';
import { PrivilegeGuard } from './privileges.js';
import type { Reply } from './reply.js';
import { OPCODE } from './abi/opcodes.js';
import { decodeRequest } from './wire/decode.js';
import { encodeErrorReply, encodeInit, encodeReplyHeader } from './wire/encode.js';
import { BEFORE_INIT, hasPassthrough, type Negotiated } from './wire/negotiated.js';
import type { Forgotten, InitOffer, Operation, RequestHeader } from './wire/operation.js';

export interface SessionOptions {
  readonly log: Log;
  /** Read-ahead and other background requests that the kernel may have in flight. */
  readonly maxBackground: number;
  /** Requests served at a time; beyond it reading stops and callers wait in the kernel. */
  readonly maxRequests: number;
  /** WRITE payloads held at a time, of 1 MiB each at most. */
  readonly maxWriteBuffers: number;
  /** Let the kernel read files that the file system lends it. */
  readonly passthrough: boolean;
  /** How long the kernel may remember that a name does not exist. */
  readonly negativeTtlMs: number;
  /** Whether a thread that waits for a reply will never see it: then an interrupt ends its request. */
  readonly isDying: (threadId: number) => boolean;
  readonly canWrite: CanWrite;
  /** At the end of the connection: how long requests in flight may take to stop. */
  readonly drainTimeoutMs: number;
}

/** Requests read in one go before timers and sockets get their turn. */
const BURST = 64;

/**
 * What write(2) has accepted is saved whatever signal comes: a process that is killed sends FLUSH while it dies, with
 * the interrupt right behind it, and no disk forgets bytes then. It waits no longer than the store's own time limits.
 */
const SAVING: ReadonlySet<string> = new Set<ServedOperation['op']>(['flush', 'fsync']);

/** One FUSE connection: reads requests, has the file system serve them, sends one reply to each. */
export class FuseSession {
  /** Resolves when INIT was answered and the file system runs. */
  readonly ready: Promise<Negotiated>;
  readonly #channel: FuseChannel;
  readonly #fileSystem: FileSystem;
  readonly #options: SessionOptions;
  readonly #log: Log;
  readonly #context: HandlerContext;
  readonly #guard: PrivilegeGuard;
  readonly #notifier: QueuedNotifier;
  readonly #pool: BufferPool;
  readonly #inFlight: InFlight;
  #negotiated = BEFORE_INIT;
  #started = false;
  #onProgress: (() => void) | undefined;
  #resolveReady: (negotiated: Negotiated) => void = () => undefined;
  #rejectReady: (reason: Failure) => void = () => undefined;

  constructor(channel: FuseChannel, fileSystem: FileSystem, options: SessionOptions) {
    this.#channel = channel;
    this.#fileSystem = fileSystem;
    this.#options = options;
    this.#log = options.log;
    this.#inFlight = new InFlight(options.isDying);
    this.#guard = new PrivilegeGuard(fileSystem);
    const { negativeTtlMs, canWrite } = options;
    this.#context = { fileSystem, guard: this.#guard, negativeTtlMs, canWrite };
    this.#notifier = new QueuedNotifier(channel, options.log);
    // One more than writes at a time: the one that the next request is read into.
    this.#pool = new BufferPool(MOST_PAGES * PAGE_SIZE + WRITE_OVERHEAD, options.maxWriteBuffers + 1);
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => undefined); // whoever waits hears of it
  }

  /**
   * Serves until the connection ends, from whatever side, then stops the file system.
   *
   * @returns How the connection ended.
   * @throws Failure what `FileSystem.stop` rejected with: some data could not be saved.
   */
  async run(): Promise<ChannelEnd> {
    const end = await this.#pump();
    this.#rejectReady(new Failure('not-connected', 'The mount ended before the kernel said INIT'));
    this.#inFlight.abortAll();
    await this.#drain();
    await this.#notifier.stop();
    if (this.#started) await this.#fileSystem.stop();
    return end;
  }

  async #pump(): Promise<ChannelEnd> {
    let buffer: Buffer | undefined;
    let burst = 0;
    for (;;) {
      buffer ??= this.#pool.take();
      if (buffer === undefined || this.#inFlight.size >= this.#options.maxRequests) {
        await this.#progress();
        continue;
      }
      const received = this.#channel.receive(buffer);
      if (received === 'empty') {
        burst = 0;
        await this.#channel.readable();
      } else if (typeof received === 'string') {
        return received;
      } else {
        const kept = this.#accept(buffer, received);
        if (kept) buffer = undefined;
        burst += 1;
        if (burst % BURST === 0) await new Promise(setImmediate);
      }
    }
  }

  /** @returns Whether the request keeps the buffer until it is served. */
  #accept(buffer: Buffer, length: number): boolean {
    const decoded = decodeRequest(buffer.subarray(0, length), this.#negotiated);
    switch (decoded.kind) {
      case 'garbage':
        this.#log.error({ reason: decoded.reason }, 'the kernel sent no request');
        return false;
      case 'unknown':
        this.#sendError(decoded.header, new Failure('not-implemented', `Opcode ${decoded.header.opcode}`));
        return false;
      case 'malformed':
        this.#log.error({ opcode: decoded.header.opcode, reason: decoded.reason }, 'malformed request');
        if (hasReply(decoded.header)) {
          this.#sendError(decoded.header, new Failure('invalid-argument', decoded.reason));
        }
        return false;
      case 'request':
        return this.#dispatch(decoded.header, decoded.operation, buffer);
    }
  }

  #dispatch(header: RequestHeader, operation: Operation, buffer: Buffer): boolean {
    switch (operation.op) {
      case 'init':
        void this.#init(header, operation);
        return false;
      case 'destroy':
        this.#deliver(header, { payload: [] });
        return false;
      case 'interrupt':
        this.#inFlight.interrupt(operation.unique);
        return false;
      case 'forget':
        this.#forget(operation.forgotten);
        return false;
      default: {
        const keeps = operation.op === 'write' || operation.op === 'setxattr';
        void this.#serve(header, operation, keeps ? buffer : undefined);
        return keeps;
      }
    }
  }

  async #init(header: RequestHeader, offer: InitOffer): Promise<void> {
    try {
      const negotiated = negotiate(offer, this.#options.maxBackground, this.#options.passthrough);
      const capabilities = {
        maxWriteBytes: negotiated.maxWriteBytes,
        protocolMinor: negotiated.minor,
        ...(hasPassthrough(negotiated) ? { backing: this.#channel.backing } : {}),
      };
      this.#started = true;
      await this.#fileSystem.start(capabilities, this.#notifier);
      this.#negotiated = negotiated;
      this.#deliver(header, { payload: [encodeInit(negotiated)] });
      this.#resolveReady(negotiated);
    } catch (reason) {
      const failure = Failure.from(reason);
      this.#sendError(header, failure);
      this.#rejectReady(failure);
    }
  }

  #forget(forgotten: readonly Forgotten[]): void {
    for (const { nodeId, count } of forgotten) {
      this.#guard.doubt(nodeId);
      this.#fileSystem.forget(nodeId, count);
    }
  }

  /** Never rejects: it ends in exactly one reply. */
  async #serve(header: RequestHeader, operation: ServedOperation, kept: Buffer | undefined): Promise<void> {
    const request = this.#inFlight.begin(header, !SAVING.has(operation.op));
    try {
      const reply = await handle(this.#context, header.nodeId, operation, request);
      this.#deliver(header, reply);
    } catch (reason) {
      this.#sendError(header, Failure.from(reason));
    }
    if (kept !== undefined) this.#pool.give(kept);
    this.#inFlight.end(header);
    this.#onProgress?.();
  }

  #deliver(header: RequestHeader, reply: Reply): void {
    const payloadBytes = reply.payload.reduce((sum, part) => sum + part.length, 0);
    const outcome = this.#channel.send([encodeReplyHeader(header.unique, payloadBytes), ...reply.payload]);
    if (outcome === 'sent') return;
    if (outcome === 'rejected') {
      this.#sendError(header, new Failure('internal', `The kernel rejected ${payloadBytes} bytes of reply`));
    }
    void this.#takeBack(reply);
  }

  async #takeBack(reply: Reply): Promise<void> {
    try {
      await reply.takeBack?.();
    } catch (reason) {
      this.#log.error({ err: Failure.from(reason) }, 'could not take back an undelivered reply');
    }
  }

  #sendError(header: RequestHeader, failure: Failure): void {
    const { opcode, nodeId } = header;
    const facts = { opcode, inode: nodeId.toString(), kind: failure.kind, errno: failure.errno };
    if (failure.kind === 'internal') this.#log.error({ ...facts, err: failure }, 'request failed');
    else this.#log.debug(facts, failure.message);
    this.#channel.send([encodeErrorReply(header.unique, failure.errno)]);
  }

  /** Resolves when a request was served. */
  async #progress(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onProgress = resolve;
    });
    this.#onProgress = undefined;
  }

  async #drain(): Promise<void> {
    const deadline = Date.now() + this.#options.drainTimeoutMs;
    while (this.#inFlight.size > 0) {
      const left = deadline - Date.now();
      if (left <= 0) {
        this.#log.error({ requests: this.#inFlight.size }, 'requests did not stop when told to');
        return;
      }
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, left)));
      await Promise.race([this.#progress(), timeout]);
      clearTimeout(timer);
    }
  }
}

function hasReply(header: RequestHeader): boolean {
  const { FORGET, BATCH_FORGET, INTERRUPT } = OPCODE;
  return ![FORGET, BATCH_FORGET, INTERRUPT].some((opcode) => opcode === header.opcode);
}
