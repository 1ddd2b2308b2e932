import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { Failure } from '../../errors/failure.js';
import {
  controlRequestSchema,
  type ControlAnswer,
  type ControlReply,
  type ControlRequest,
} from '../api/protocol.js';

const LONGEST_REQUEST = 4096;

/** Answers with what the request asked for; nothing is an empty answer. */
export type ControlHandler = (request: ControlRequest) => Promise<ControlAnswer>;

/** The runner's end of the unix socket on which cases ask for something. */
export interface ControlServer {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Answers one request per connection with one line. Requests are served one after the other: there is one target.
 *
 * @param path - At most 107 bytes, unix(7): keep it in a short temporary folder.
 */
export async function startControlServer(path: string, handler: ControlHandler): Promise<ControlServer> {
  let turn: Promise<unknown> = Promise.resolve();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A worker that died while it waited: nobody is left to be told.
    socket.on('error', () => socket.destroy());
    readLine(socket, (line) => {
      turn = turn.then(async () => {
        const reply = await answer(line, handler);
        socket.end(`${JSON.stringify(reply)}\n`);
      });
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return { path, close: () => closeServer(server, sockets) };
}

function readLine(socket: Socket, onLine: (line: string) => void): void {
  let text = '';
  const onData = (chunk: Buffer): void => {
    text += chunk.toString('utf8');
    const end = text.indexOf('\n');
    if (end >= 0) {
      socket.off('data', onData);
      onLine(text.slice(0, end));
    } else if (text.length > LONGEST_REQUEST) socket.destroy();
  };
  socket.on('data', onData);
}

async function answer(line: string, handler: ControlHandler): Promise<ControlReply> {
  try {
    return { ok: true, ...(await handler(controlRequestSchema.parse(JSON.parse(line)))) };
  } catch (reason) {
    return { ok: false, message: Failure.from(reason).toLine() };
  }
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  const closed = once(server, 'close');
  server.close();
  await closed;
}
