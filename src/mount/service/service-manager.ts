import { Failure } from '../../errors/failure.js';
import type { Log } from '../../log/log.js';
import { openDatagramSocket, type DatagramSocket } from './notify-socket.js';

/** What a service manager is told (sd_notify(3)). Never fails: a manager that is not there changes nothing. */
export interface ServiceManager {
  /** The mount answers. From now on `status` is asked every few seconds, and told where it has changed. */
  ready(status: () => string): void;
  stopping(status: string): void;
  close(): void;
}

const STATUS_INTERVAL_MS = 5_000;

const NOBODY: ServiceManager = { ready: () => undefined, stopping: () => undefined, close: () => undefined };

/**
 * The manager that waits at `NOTIFY_SOCKET`, if any. Where `WATCHDOG_USEC` is set, it hears from the event loop twice
 * in that time (sd_watchdog_enabled(3)).
 */
export function connectServiceManager(
  log: Log,
  environment: NodeJS.ProcessEnv = process.env,
): ServiceManager {
  const name = environment['NOTIFY_SOCKET'];
  if (name === undefined || name === '') return NOBODY;
  try {
    return new NotifiedManager(openDatagramSocket(name), watchdogMs(environment), log);
  } catch (reason) {
    log.warn({ err: Failure.from(reason) }, 'the service manager can not be told');
    return NOBODY;
  }
}

/** The variable is meant for the process of `WATCHDOG_PID`: this one, or the command that started it. */
function watchdogMs(environment: NodeJS.ProcessEnv): number | undefined {
  const pid = environment['WATCHDOG_PID'];
  const isOurs = pid === undefined || [process.pid, process.ppid].includes(Number(pid));
  const microseconds = Number(environment['WATCHDOG_USEC'] ?? NaN);
  return isOurs && microseconds > 0 ? microseconds / 1000 : undefined;
}

class NotifiedManager implements ServiceManager {
  readonly #socket: DatagramSocket;
  readonly #watchdogMs: number | undefined;
  readonly #log: Log;
  readonly #timers: NodeJS.Timeout[] = [];
  #told = '';

  constructor(socket: DatagramSocket, watchdogMs: number | undefined, log: Log) {
    this.#socket = socket;
    this.#watchdogMs = watchdogMs;
    this.#log = log;
  }

  ready(status: () => string): void {
    this.#told = status();
    this.#send('READY=1', `STATUS=${this.#told}`);
    this.#every(STATUS_INTERVAL_MS, () => {
      const now = status();
      if (now !== this.#told) this.#send(`STATUS=${now}`);
      this.#told = now;
    });
    if (this.#watchdogMs === undefined) return;
    this.#every(this.#watchdogMs / 2, () => {
      this.#send('WATCHDOG=1');
    });
  }

  stopping(status: string): void {
    this.#send('STOPPING=1', `STATUS=${status}`);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#socket.close();
  }

  #every(intervalMs: number, run: () => void): void {
    this.#timers.push(setInterval(run, intervalMs).unref());
  }

  #send(...lines: readonly string[]): void {
    try {
      this.#socket.send(lines.map((line) => line.replaceAll('\n', ' ')).join('\n'));
    } catch (reason) {
      this.#log.warn({ err: Failure.from(reason) }, 'the service manager could not be told');
    }
  }
}
