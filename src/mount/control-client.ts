import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { Failure } from '../errors/failure.js';
import { errorCode } from '../fuse/error-code.js';
import { controlReply, type ControlReply, type ControlRequest } from './messages.js';

/** A daemon answers these at once: one that takes longer hangs or is stopped. */
const ANSWER_LIMIT_MS = 5_000;

/**
 * Asks the daemon behind a control socket.
 *
 * @returns Its answer; `undefined` where nobody listens: the daemon is dead.
 * @throws Failure `cancelled` on abort; `timeout` where a daemon is there and does not answer (an unmount may take as
 * long as it takes); `internal` where the daemon died before it answered.
 */
export async function askDaemon(
  path: string,
  request: ControlRequest,
  signal?: AbortSignal,
): Promise<ControlReply | undefined> {
  if (signal?.aborted === true) throw Failure.from(signal.reason);
  const socket = createConnection({ path, ...(signal && { signal }) });
  if (request.command !== 'unmount') {
    socket.setTimeout(ANSWER_LIMIT_MS, () => {
      socket.destroy(
        new Failure('timeout', `The mount daemon does not answer on ${path}`, { subject: path }),
      );
    });
  }
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
  } catch (reason) {
    if (isNobodyThere(reason)) return undefined;
    throw Failure.from(reason);
  }
  socket.write(`${JSON.stringify(request)}\n`);
  const answer = await text(socket).catch((reason: unknown) => {
    throw Failure.from(reason);
  });
  if (answer === '') throw new Failure('internal', 'The mount daemon ended without an answer');
  return controlReply.parse(JSON.parse(answer));
}

function isNobodyThere(reason: unknown): boolean {
  const code = errorCode(reason);
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}
