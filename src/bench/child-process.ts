import { fork, type ChildProcess } from 'node:child_process';
import { compiledModule } from '../config/paths.js';
import { Failure, type FailureKind } from '../errors/failure.js';
import type { Log } from '../log/log.js';

/** What a child answers where it could not do what it was told. */
export interface ChildFailure {
  readonly type: 'failure';
  readonly kind: FailureKind;
  readonly message: string;
  readonly remedy?: string;
}

const STOP_TIMEOUT_MS = 2000;

/** A process of the bench that answers each message with one of its own; ends with the channel to its parent. */
export class BenchChild<To extends object, From extends { readonly type: string }> {
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;

  /** @param modulePath - Of a compiled module: `src/bench/arm-process.js`. A cancelled `signal` kills the process. */
  constructor(modulePath: string, signal: AbortSignal, log: Log) {
    signal.throwIfAborted();
    this.#signal = signal;
    const child = fork(compiledModule(modulePath), [], {
      // A group of its own: Ctrl-C is this process's to answer. The end of the channel ends it.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log.debug({ modulePath }, text.trimEnd());
    });
    const kill = () => {
      this.#kill();
    };
    signal.addEventListener('abort', kill, { once: true });
    child.once('exit', () => {
      signal.removeEventListener('abort', kill);
    });
  }

  /**
   * Sends one message and waits for its answer.
   *
   * @throws Failure that the child answers; `timeout`, after which it is killed; `cancelled`; `internal` where it ends.
   */
  async ask(message: To, timeoutMs: number): Promise<From> {
    const answer = await this.#next(timeoutMs, () => this.#child.send(message));
    if (answer.type !== 'failure') return answer as From; // both ends are this package: the shape is the protocol's
    const { kind, message: text, remedy } = answer as ChildFailure; // told by its type
    throw new Failure(kind, text, remedy === undefined ? {} : { remedy });
  }

  /** Ends the process; returns when it is gone, or after four seconds where it can not end. Never throws. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timers: NodeJS.Timeout[] = [];
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
      // A process in a system call on a hung mount can not be waited for.
      timers.push(setTimeout(resolve, 2 * STOP_TIMEOUT_MS));
    });
    if (child.connected) child.disconnect();
    timers.push(
      setTimeout(() => {
        this.#kill();
      }, STOP_TIMEOUT_MS),
    );
    await gone;
    for (const timer of timers) clearTimeout(timer);
  }

  /** Waits for a message, for the end of the process, or for the limit, which ends the process. */
  #next(timeoutMs: number, send: () => void): Promise<{ readonly type: string }> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const stopListening = () => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', fail);
      };
      const fail = (failure: Error) => {
        stopListening();
        reject(Failure.from(failure));
      };
      const onMessage = (received: unknown) => {
        stopListening();
        resolve(received as { readonly type: string }); // see `ask`
      };
      const onExit = (code: number | null, killedBy: string | null) => {
        fail(this.#endedFailure(code, killedBy));
      };
      const timer = setTimeout(() => {
        this.#kill();
        fail(new Failure('timeout', `A benchmark process did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      child.on('message', onMessage).on('exit', onExit).on('error', fail);
      send();
    });
  }

  /** With the programs that it has started: they are in its group. */
  #kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }

  #endedFailure(code: number | null, killedBy: string | null): Failure {
    if (this.#signal.aborted) return new Failure('cancelled', 'The benchmark was cancelled');
    return new Failure('internal', `A benchmark process ended (${killedBy ?? `exit code ${String(code)}`})`, {
      remedy: 'Run again with --log-level debug to see what it wrote; out of memory is the usual cause',
    });
  }
}

/** Answers the parent's messages; for the entry module of a {@link BenchChild}. Ends with the channel. */
export function answerParent(answer: (message: unknown) => Promise<object>): void {
  // Signals to the whole group are the parent's to answer: it ends this process, by the channel or by SIGKILL.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  process.on('disconnect', () => {
    process.exit(0);
  });
  process.on('message', (message) => {
    void answer(message).then(
      (reply) => process.send?.(reply),
      (reason: unknown) => {
        const { kind, message: text, remedy } = Failure.from(reason);
        const failure: ChildFailure = {
          type: 'failure',
          kind,
          message: text,
          ...(remedy === undefined ? {} : { remedy }),
        };
        process.send?.(failure);
      },
    );
  });
}
