import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Failure } from '../../errors/failure.js';
import { handle, type Service } from './handler.js';

/** Large buffers on the socket: a stream of MiBs needs few turns of the event loop. */
const SOCKET_BUFFER_BYTES = 1024 * 1024;
/** An idle connection of a client's pool lives longer than any pause between two tests. */
const KEEP_ALIVE_MS = 65_000;
/** Room for 2 KB of metadata, a long key in the path and a presigned query. */
const MAX_HEADER_BYTES = 32 * 1024;

/** Puts an accepted connection behind something; answers with what the HTTP server shall speak to. */
export type Wrap = (socket: Socket) => Duplex;

/** A listening server. */
export interface ListeningServer {
  readonly port: number;
  /** `false`: connections are ended, and new ones refused (ECONNREFUSED) until it is `true` again. */
  setReachable(isReachable: boolean): Promise<void>;
  /** Ends all connections and frees the port. */
  close(): Promise<void>;
}

/**
 * Listens for S3 requests.
 *
 * @param port - 0 takes a free one.
 * @throws Failure `usage` where the address is in use or not of this machine.
 */
export async function listen(
  service: Service,
  host: string,
  port: number,
  wrap: Wrap,
): Promise<ListeningServer> {
  const http = createHttp(service);
  const sockets = new Set<Socket>();
  // Its own acceptor, because node:http can not be told to speak through a wrapped socket.
  const net = createNetServer(
    { allowHalfOpen: true, noDelay: true, highWaterMark: SOCKET_BUFFER_BYTES },
    (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      http.emit('connection', wrap(socket));
    },
  );
  const address = await bind(net, host, port);
  const end = (): Promise<void> =>
    new Promise((resolve) => {
      net.close(() => {
        resolve();
      });
      for (const socket of sockets) socket.destroy();
    });
  return {
    port: address.port,
    setReachable: async (isReachable) => {
      if (isReachable === net.listening) return;
      if (isReachable) await bind(net, host, address.port);
      else await end();
    },
    close: end,
  };
}

function createHttp(service: Service): HttpServer {
  const http = createHttpServer({
    keepAlive: true,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // A slow link may need long for one request; a dead client shows on the socket.
    requestTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
    highWaterMark: SOCKET_BUFFER_BYTES,
  });
  http.on('request', (request, response) => {
    void handle(service, request, response, false);
  });
  http.on('checkContinue', (request, response) => {
    void handle(service, request, response, true);
  });
  http.on('clientError', (error: NodeJS.ErrnoException, connection) => {
    const status = statusOf(error);
    if (status === undefined || !connection.writable) connection.destroy();
    else
      connection.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        connection.destroy(),
      );
  });
  return http;
}

/** What to answer to a request that can not be parsed; nothing to a client that left in the middle of one. */
function statusOf(error: NodeJS.ErrnoException): string | undefined {
  if (error.code === 'HPE_INVALID_EOF_STATE' || error.code === 'ECONNRESET') return undefined;
  if (error.code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout';
  return '400 Bad Request';
}

function bind(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const remedy = 'Choose another --port, or 0 for a free one, and a --host of this machine';
      reject(new Failure('usage', `The S3 server can not listen on ${host}:${port}`, { cause, remedy }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      // A TCP server that listens has an AddressInfo: the other forms are for pipes and closed servers.
      resolve(address as AddressInfo);
    });
  });
}
