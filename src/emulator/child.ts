import { fork, type ChildProcess } from 'node:child_process';
import { compiledModule } from '../config/paths.js';
import { Failure, usageError } from '../errors/failure.js';
import type { RequestCount } from '../report/model.js';
import type { S3Credentials } from '../s3/connection.js';
import type { FaultCount, FaultRules } from './faults/rules.js';
import {
  messageSchema,
  type ChildMessage,
  type EmulatorProcessOptions,
  type ParentRequest,
} from './process-messages.js';

export type { EmulatorProcessOptions } from './process-messages.js';

/**
 * A small heap with many buffers: threads of the collector cost more than they save. Without them an upload of 64 MiB takes
 * 530 ms of processor time in place of 750.
 */
const SERVER_FLAGS = ['--single-threaded-gc'];

/** How long a child may take to go by itself before it is killed. */
const GOODBYE_MS = 3000;

/** An embedded S3 server in another process. */
export interface EmulatorProcess {
  readonly endpoint: string;
  readonly credentials: S3Credentials;
  readonly region: string;
  readonly pid: number;
  /**
   * Requests so far by operation; bytes as the server sees them, content only.
   *
   * @throws Failure `unreachable` where the process has ended.
   */
  requestCounts(): Promise<RequestCount[]>;
  /** Lets other things go wrong from the next request on, counted anew; undefined: nothing. */
  setFaults(rules: FaultRules | undefined): Promise<void>;
  /** How often each fault rule fitted and fired. */
  faultCounts(): Promise<FaultCount[]>;
  /** Knows these keys beside its own from the next request on, and those of the guest before no more; undefined: no guest. */
  setGuest(credentials: S3Credentials | undefined): Promise<void>;
  /**
   * `false`: connections are ended, and new ones refused (ECONNREFUSED) until it is `true` again.
   *
   * @throws Failure `usage` where somebody else has taken the port meanwhile.
   */
  setReachable(isReachable: boolean): Promise<void>;
  /** Ends the process and waits until it is gone. */
  close(): Promise<void>;
}

/**
 * Starts the embedded S3 server in a process of its own. The process ends with `close`, with the abort of `signal`,
 * and with this process, however that ends.
 *
 * @throws Failure `usage` where the server can not start with these options, the signal's reason on abort.
 */
export async function startEmulatorProcess(
  options: EmulatorProcessOptions,
  signal: AbortSignal,
): Promise<EmulatorProcess> {
  signal.throwIfAborted();
  const child = fork(compiledModule('src/emulator/process.js'), [], {
    // Flags of this process (a test runner's, a profiler's) are not for the server.
    execArgv: SERVER_FLAGS,
    // A group of its own: Ctrl-C would end it before it has loaded the code that ignores it.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const channel = new Channel(child);
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', stop, { once: true });
  child.once('exit', () => {
    signal.removeEventListener('abort', stop);
  });
  try {
    return await converse(child, channel, options);
  } catch (reason) {
    await farewell(child);
    signal.throwIfAborted();
    throw reason;
  }
}

async function converse(
  child: ChildProcess,
  channel: Channel,
  options: EmulatorProcessOptions,
): Promise<EmulatorProcess> {
  child.send(options);
  const first = await channel.next((message) => !('id' in message));
  if (first.kind === 'failed') throw usageError(first.message, first.remedy);
  if (first.kind !== 'ready') throw new Failure('internal', 'The S3 server process answered out of turn');
  const { endpoint, credentials, region } = first;
  const ask = asker(child, channel);
  return {
    endpoint,
    credentials,
    region,
    pid: child.pid ?? 0,
    requestCounts: async () => {
      const answer = await ask((id) => ({ kind: 'counts', id }));
      return answer.kind === 'counts' ? answer.counts : [];
    },
    setFaults: async (rules) => {
      await ask((id) => ({ kind: 'set-faults', id, ...(rules === undefined ? {} : { rules }) }));
    },
    faultCounts: async () => {
      const answer = await ask((id) => ({ kind: 'fault-counts', id }));
      return answer.kind === 'faults' ? answer.faults : [];
    },
    setGuest: async (keys) => {
      await ask((id) => ({ kind: 'set-guest', id, ...(keys === undefined ? {} : { credentials: keys }) }));
    },
    setReachable: async (isReachable) => {
      await ask((id) => ({ kind: 'set-reachable', id, isReachable }));
    },
    close: () => farewell(child),
  };
}

/** Numbers what is asked, and waits for the answer with the same number. */
function asker(child: ChildProcess, channel: Channel) {
  let lastId = 0;
  return async (request: (id: number) => ParentRequest): Promise<ChildMessage> => {
    lastId += 1;
    const id = lastId;
    if (child.connected) child.send(request(id));
    const answer = await channel.next((message) => 'id' in message && message.id === id);
    if (answer.kind === 'refused') throw usageError(answer.message);
    return answer;
  };
}

/** Messages of the child, each given to the one who waits for it. */
class Channel {
  readonly #waiting = new Set<(message: ChildMessage | undefined) => void>();
  #ended = false;

  constructor(child: ChildProcess) {
    child.on('message', (message) => {
      const parsed = messageSchema.safeParse(message);
      if (parsed.success) for (const take of [...this.#waiting]) take(parsed.data);
    });
    const end = (): void => {
      this.#ended = true;
      for (const take of [...this.#waiting]) take(undefined);
    };
    child.once('error', end);
    child.once('exit', end);
  }

  /** @throws Failure `unreachable` where the process ends first. */
  next(wanted: (message: ChildMessage) => boolean): Promise<ChildMessage> {
    return new Promise((resolve, reject) => {
      const take = (message: ChildMessage | undefined): void => {
        if (message !== undefined && !wanted(message)) return;
        this.#waiting.delete(take);
        if (message === undefined) reject(new Failure('unreachable', 'The S3 server process has ended'));
        else resolve(message);
      };
      this.#waiting.add(take);
      if (this.#ended) take(undefined);
    });
  }
}

/** The end of the channel tells the child to go; one that does not is killed. */
async function farewell(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), GOODBYE_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    if (child.connected) child.disconnect();
  });
}
