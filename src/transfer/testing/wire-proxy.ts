import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as it went over the wire. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly ifMatch: string | undefined;
  readonly lengthBytes: number;
}

/** What the proxy does to a request; `undefined` passes it on. */
export type WireFault =
  /** Answers 503 SlowDown without asking the server. */
  | 'slow-down'
  /** Cuts the connection before the server has seen the request. */
  | 'reset-before'
  /** Lets the server do it and cuts the connection instead of answering. */
  | 'lost-reply'
  /** Sends half of the reply's body, then cuts. */
  | 'half-body'
  /** Takes the request and never answers. */
  | 'stall';

export interface WireProxy {
  readonly endpoint: string;
  readonly seen: readonly SeenRequest[];
  /** Most requests that were at the server at one time. */
  peakInFlight(): number;
  /** Connections that clients have opened. */
  connections(): number;
  /** Asked for each request, numbered from 1. */
  readonly decide: (fault: (request: SeenRequest, nth: number) => WireFault | undefined) => void;
  /** Lets requests after the first wait until so many have come together. */
  gather(count: number): void;
  reset(): void;
  close(): Promise<void>;
}

/** For tests: an HTTP proxy before a server, which records requests and breaks chosen ones on the wire. */
export async function startWireProxy(target: string): Promise<WireProxy> {
  const traffic = new Traffic(new URL(target));
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    traffic.take(request, response);
  };
  const server = createServer(handle).on('checkContinue', handle);
  const sockets = new Set<Socket>();
  let opened = 0;
  server.on('connection', (socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has a port
  return {
    endpoint: `http://127.0.0.1:${port}`,
    seen: traffic.seen,
    peakInFlight: () => traffic.peak,
    connections: () => opened,
    decide: (fault) => (traffic.decide = fault),
    gather: (count) => (traffic.gatherCount = count),
    reset: () => {
      traffic.reset();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

/** What passes through the proxy. */
class Traffic {
  readonly seen: SeenRequest[] = [];
  decide: (request: SeenRequest, nth: number) => WireFault | undefined = () => undefined;
  gatherCount = 1;
  peak = 0;
  readonly #target: URL;
  #running = 0;
  #gate: (() => void)[] = [];

  constructor(target: URL) {
    this.#target = target;
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    const record = recordOf(request);
    this.seen.push(record);
    this.#running += 1;
    this.peak = Math.max(this.peak, this.#running);
    response.once('close', () => (this.#running -= 1));
    const fault = this.decide(record, this.seen.length);
    this.#gate.push(() => {
      pass(request, response, this.#target, fault);
    });
    if (this.seen.length > 1 && this.#gate.length < this.gatherCount) return;
    for (const open of this.#gate.splice(0)) open();
  }

  reset(): void {
    this.seen.length = 0;
    this.peak = 0;
    this.gatherCount = 1;
    this.decide = () => undefined;
    this.#gate = [];
  }
}

function recordOf({ method = '', url = '', headers }: IncomingMessage): SeenRequest {
  return {
    method,
    path: url,
    range: headers.range,
    ifMatch: headers['if-match'],
    lengthBytes: Number(headers['content-length'] ?? 0),
  };
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  target: URL,
  fault: WireFault | undefined,
): void {
  if (fault === 'reset-before') {
    request.socket.destroy();
    return;
  }
  if (fault === 'stall') {
    request.resume();
    return;
  }
  if (fault === 'slow-down') {
    const body = '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Slow</Message></Error>';
    request
      .resume()
      .on('end', () => response.writeHead(503, { 'content-type': 'application/xml' }).end(body));
    return;
  }
  const { method, url, headers } = request;
  const onward = forward({ host: target.hostname, port: target.port, method, path: url, headers });
  onward.on('response', (reply) => {
    answer(reply, response, fault);
  });
  // A reply that comes before the whole body was sent is a reply all the same.
  onward.on('error', () => {
    if (!response.headersSent) response.destroy();
  });
  response.on('close', () => onward.destroy());
  if (headers.expect === undefined) {
    request.pipe(onward);
    return;
  }
  onward.on('continue', () => {
    response.writeContinue();
    request.pipe(onward);
  });
  onward.flushHeaders();
}

function answer(reply: IncomingMessage, response: ServerResponse, fault: WireFault | undefined): void {
  if (fault === 'lost-reply') {
    reply.resume().on('end', () => response.destroy());
    return;
  }
  response.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
  if (fault !== 'half-body') {
    reply.pipe(response);
    return;
  }
  let left = Math.floor(Number(reply.headers['content-length'] ?? 0) / 2);
  reply.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    response.write(chunk.subarray(0, left), () => {
      if (left <= 0) response.destroy();
    });
    left -= chunk.byteLength;
  });
}
