import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { controlRequest, toPlainFailure, type ControlReply } from './messages.js';
import type { MountStatus } from './observe/status.js';

/** What the control socket of a daemon can ask of it. */
export interface Controlled {
  readonly mountPoint: string;
  readonly source: string;
  status(): Promise<MountStatus>;
  /** Resolves when unmounted and saved. With `force` it is unmounted in any case. */
  unmount(force: boolean): Promise<void>;
}

export interface ControlServer {
  close(): Promise<void>;
}

/** A client that says nothing for this long is cut off. */
const IDLE_TIMEOUT_MS = 10_000;

/** Listens on a Unix socket: one line of JSON in, one line out. The folder of the socket keeps others away. */
export async function serveControl(path: string, controlled: Controlled): Promise<ControlServer> {
  await rm(path, { force: true }); // of a daemon that was killed
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
    createInterface({ input: socket }).once('line', (line) => void answer(socket, line, controlled));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return { close: () => close(server, sockets) };
}

async function answer(socket: Socket, line: string, controlled: Controlled): Promise<void> {
  socket.setTimeout(0); // an unmount takes as long as saving takes
  const { mountPoint, source } = controlled;
  const base = { pid: process.pid, mountPoint, source };
  let reply: ControlReply;
  try {
    const { command, force = false } = controlRequest.parse(JSON.parse(line));
    if (command === 'unmount') await controlled.unmount(force);
    reply = command === 'status' ? { ...base, status: await controlled.status() } : base;
  } catch (reason) {
    reply = { ...base, failure: toPlainFailure(reason) };
  }
  socket.end(`${JSON.stringify(reply)}\n`);
}

/** Answers on their way are sent; idle clients are cut off. */
async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  for (const socket of sockets) socket.setTimeout(1_000, () => socket.destroy());
  await closed;
}
