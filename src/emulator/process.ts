import { loadPlanted } from '../config/planted.js';
import { Failure } from '../errors/failure.js';
import type { Around } from './http/handler.js';
import { startEmulator, type Emulator, type EmulatorOptions } from './emulator.js';
import type { AroundLanes } from './link/link.js';
import { optionsSchema, requestSchema, type ChildMessage, type ParentRequest } from './process-messages.js';

/*
 * The embedded S3 server as a process of its own, forked by `startEmulatorProcess`: the time that it takes from the
 * processor is then not the client's. It lives as long as the channel to its parent, whatever ends the parent.
 */

let emulator: Emulator | undefined;

// Ctrl-C and `timeout` reach the whole group: the parent still needs the server to clean up, and ends it by the channel.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('SIGHUP', () => undefined);
process.once('disconnect', () => {
  process.exit(0);
});
process.once('message', (options) => {
  void begin(options);
});

async function begin(options: unknown): Promise<void> {
  try {
    const { planted, ...plain } = optionsSchema.parse(options);
    emulator = await startEmulator({ ...plain, ...(await seamsOf(planted)), onInternalError: report });
  } catch (reason) {
    const { message, remedy } = Failure.from(reason);
    send({ kind: 'failed', message, ...(remedy === undefined ? {} : { remedy }) });
    return;
  }
  const { endpoint, credentials, region } = emulator;
  process.on('message', answer);
  send({ kind: 'ready', endpoint, credentials, region });
}

/** The parts of the server and of its link that defects are planted in. */
interface Seams {
  readonly server: Around;
  readonly uplink: AroundLanes['up'];
  readonly downlink: AroundLanes['down'];
}

async function seamsOf(
  planted: string | undefined,
): Promise<Pick<EmulatorOptions, 'around' | 'aroundLanes'>> {
  if (planted === undefined) return {};
  const { server, uplink, downlink } = await loadPlanted<Seams>(planted);
  return { around: server, aroundLanes: { up: uplink, down: downlink } };
}

function answer(message: unknown): void {
  const request = requestSchema.safeParse(message);
  if (!request.success || emulator === undefined) return;
  const { id } = request.data;
  answerOf(emulator, request.data).then(send, (reason: unknown) => {
    send({ kind: 'refused', id, message: Failure.from(reason).message });
  });
}

async function answerOf(server: Emulator, request: ParentRequest): Promise<ChildMessage> {
  const { id } = request;
  switch (request.kind) {
    case 'counts':
      return { kind: 'counts', id, counts: server.requestCounts() };
    case 'fault-counts':
      return { kind: 'faults', id, faults: server.faultCounts() };
    case 'set-faults':
      server.setFaults(request.rules);
      return { kind: 'done', id };
    case 'set-reachable':
      await server.setReachable(request.isReachable);
      return { kind: 'done', id };
    case 'set-guest':
      server.setGuest(request.credentials);
      return { kind: 'done', id };
  }
}

function send(message: ChildMessage): void {
  process.send?.(message);
}

/** A mistake of this server: the reply says 500, and the reason must be seen somewhere. */
function report(reason: unknown): void {
  const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  process.stderr.write(`embedded S3 server: ${text}\n`);
}
