import { Worker } from 'node:worker_threads';
import { compiledModule } from '../../config/paths.js';
import { Failure } from '../../errors/failure.js';
import type { Log } from '../../log/log.js';
import type { S3Credentials } from '../connection.js';
import { sharedSignal } from '../shared-signal.js';
import { toData, type FromThread, type ThreadPlan, type ThreadRequest, type ToThread } from './messages.js';

/** A request that a thread is at. */
export interface ThreadTask {
  /** Its body is wanted up to this byte. */
  readonly want: (endBytes: number) => void;
  /** Ends it early; its last message still comes, when nothing of it goes on. */
  readonly cancel: () => void;
}

/** One thread, which is started with its first request. One that has died is not started again. */
export class TransferThread {
  readonly #plan: ThreadPlan;
  readonly #log: Log;
  readonly #pending = new Map<number, (message: FromThread) => void>();
  #worker: Worker | undefined;
  #nextId = 1;
  #isClosed = false;
  #isLost = false;

  constructor(plan: ThreadPlan, log: Log) {
    this.#plan = plan;
    this.#log = log;
  }

  /** Requests that have not ended. */
  get load(): number {
    return this.#pending.size;
  }

  get isUsable(): boolean {
    return !this.#isClosed && !this.#isLost;
  }

  /**
   * Begins a request.
   *
   * @param signal - Cancels it.
   * @param onMessage - Told all of it in order, and nothing after the message that ends it.
   */
  begin(
    request: ThreadRequest,
    credentials: S3Credentials,
    signal: AbortSignal | undefined,
    onMessage: (message: FromThread) => void,
  ): ThreadTask {
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId;
    this.#nextId += 1;
    const tell = (message: ToThread): void => {
      if (this.#pending.has(id)) worker.postMessage(message);
    };
    const cancel = (): void => {
      tell({ type: 'cancel', id });
    };
    this.#pending.set(id, (message) => {
      if (isLast(message)) signal?.removeEventListener('abort', cancel);
      onMessage(message);
    });
    worker.ref();
    tell({ type: 'begin', id, request, credentials });
    if (signal?.aborted === true) cancel();
    else sharedSignal(signal)?.addEventListener('abort', cancel, { once: true });
    return {
      cancel,
      want: (endBytes) => {
        tell({ type: 'want', id, endBytes });
      },
    };
  }

  /** Ends the thread with its last request, at once where there is none. */
  close(): void {
    this.#isClosed = true;
    this.#rest();
  }

  #start(): Worker {
    const worker = new Worker(compiledModule('src/s3/workers/thread.js'), {
      workerData: this.#plan,
      name: 'objectfs-transfer',
    });
    this.#log.debug({ thread: worker.threadId }, 'a transfer thread begins');
    let why = 'it ended';
    worker.on('message', (message: FromThread) => {
      this.#take(message);
    });
    worker.on('error', (reason) => (why = Failure.from(reason).message));
    worker.on('exit', () => {
      if (!this.#isClosed || this.#pending.size > 0) this.#lose(why);
    });
    return worker;
  }

  #take(message: FromThread): void {
    const onMessage = this.#pending.get(message.id);
    if (isLast(message)) this.#pending.delete(message.id);
    onMessage?.(message);
    this.#rest();
  }

  /** An idle thread does not keep the process alive, as idle connections do not. */
  #rest(): void {
    if (this.#pending.size > 0) return;
    this.#worker?.unref();
    if (this.#isClosed) void this.#worker?.terminate();
  }

  /** All that it carried may be tried again: its connections are gone with it. */
  #lose(why: string): void {
    this.#isLost = true;
    this.#log.warn({ why }, 'a transfer thread was lost; the others, or the main thread, go on');
    const failure = toData(new Failure('reset', `A transfer thread was lost: ${why}`));
    for (const id of [...this.#pending.keys()]) this.#take({ type: 'failed', id, failure });
  }
}

function isLast({ type }: FromThread): boolean {
  return type === 'done' || type === 'failed';
}
