import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { Failure } from '../../errors/failure.js';
import type { TargetControl } from './case.js';
import type { ControlAnswer, ControlReply, ControlRequest } from './protocol.js';

/**
 * Commands over the runner's unix socket: one connection per request.
 *
 * @param directory - Of the case.
 */
export function controlOf(socketPath: string, directory: string, signal: AbortSignal): TargetControl {
  const ask = (request: ControlRequest): Promise<ControlAnswer> => askRunner(socketPath, request, signal);
  return {
    remount: async (settings) => {
      await ask({ request: 'remount', ...(settings === undefined ? {} : { settings }) });
    },
    crash: async () => {
      await ask({ request: 'crash' });
    },
    terminate: async () => (await ask({ request: 'terminate' })).said,
    process: async () => asked('process', (await ask({ request: 'process' })).process),
    secondMount: async (client) => {
      const request = { request: 'second-mount', ...(client === undefined ? {} : { client }) } as const;
      const { first, second } = asked('second-mount', (await ask(request)).roots);
      return join(second, relative(first, directory));
    },
    endSecondMount: async () => {
      await ask({ request: 'end-second-mount' });
    },
    setFaults: async (rules) => {
      await ask({ request: 'set-faults', ...(rules === undefined ? {} : { rules }) });
    },
    faultCounts: async () => (await ask({ request: 'fault-counts' })).faults ?? [],
    cacheCounters: async () => asked('cache-counters', (await ask({ request: 'cache-counters' })).cache),
    setReachable: async (isReachable) => {
      await ask({ request: 'set-reachable', isReachable });
    },
    rotateCredentials: async () => {
      await ask({ request: 'rotate-credentials' });
    },
    requestCounts: async () => (await ask({ request: 'counts' })).counts ?? [],
  };
}

/** Tells the runner that a case has ended which may have changed target or server. */
export async function putBack(socketPath: string, signal: AbortSignal): Promise<void> {
  await askRunner(socketPath, { request: 'put-back' }, signal);
}

/** Asks the runner for a target that has ended by itself: it is started again. */
export async function revive(socketPath: string, signal: AbortSignal): Promise<void> {
  await askRunner(socketPath, { request: 'revive' }, signal);
}

function asked<T>(request: ControlRequest['request'], answer: T | undefined): T {
  if (answer !== undefined) return answer;
  throw new Failure('internal', `The runner gave no answer to ${request}`);
}

async function askRunner(
  socketPath: string,
  request: ControlRequest,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  const socket = connect(socketPath);
  const cancel = (): void => {
    socket.destroy(new Failure('cancelled', `The case ended while the runner worked on ${request.request}`));
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    const reply = JSON.parse(await text(socket)) as ControlReply; // of the runner that started this worker
    if (!reply.ok) throw new Failure('internal', `The runner could not ${request.request}: ${reply.message}`);
    return reply;
  } finally {
    signal.removeEventListener('abort', cancel);
    socket.destroy();
  }
}
