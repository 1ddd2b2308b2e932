import { createServer as createHttpServer, Agent, request, type Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { createLink, SYSTEM_CLOCK, type LinkClock } from './link.js';
import type { LinkProfile } from './profile.js';
import { shapeConnection } from './shape.js';

const MB = 1e6;
const BASE: LinkProfile = {
  ...{ name: 'test', description: '', source: '', roundTripMs: 20, requestOverheadMs: 30 },
};

/** The system's time; counts timers that are set and neither fired nor cancelled. */
class CountingClock implements LinkClock {
  openTimers = 0;

  nowMs(): number {
    return SYSTEM_CLOCK.nowMs();
  }

  after(delayMs: number, wake: () => void): () => void {
    this.openTimers += 1;
    let open = true;
    const close = (): void => {
      if (open) this.openTimers -= 1;
      open = false;
    };
    const cancel = SYSTEM_CLOCK.after(delayMs, () => {
      close();
      wake();
    });
    return () => {
      close();
      cancel();
    };
  }
}

describe('a shaped connection', () => {
  const clock = new CountingClock();
  let server: Server;
  let http: HttpServer;
  let shaped: Duplex[];

  async function listen(profile: LinkProfile, plain?: (connection: Duplex) => void): Promise<number> {
    const link = createLink(profile, { clock });
    shaped = [];
    server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
      const connection = shapeConnection(socket, link);
      shaped.push(connection);
      if (plain === undefined) http.emit('connection', connection);
      else plain(connection);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A TCP server that listens has an address object.
    return (server.address() as AddressInfo).port;
  }

  beforeEach(() => {
    // PUT is drained and answered; GET /N answers N bytes.
    http = createHttpServer((incoming, reply) => {
      incoming.resume();
      incoming.on('end', () => reply.end(Buffer.alloc(Number(incoming.url?.slice(1)))));
    });
  });

  afterEach(async () => {
    for (const connection of shaped) connection.destroy();
    server.close();
    await once(server, 'close');
    expect(clock.openTimers).toBe(0);
  });

  interface Timing {
    readonly firstByteMs: number;
    readonly totalMs: number;
    readonly bytes: number;
  }

  async function ask(port: number, agent: Agent, size: number, body?: Buffer): Promise<Timing> {
    const startMs = performance.now();
    const sent = request({ port, path: `/${size}`, method: body === undefined ? 'GET' : 'PUT', agent });
    sent.end(body);
    const [reply] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
    const firstByteMs = performance.now() - startMs;
    let bytes = 0;
    for await (const chunk of reply) bytes += chunk.length;
    return { firstByteMs, totalMs: performance.now() - startMs, bytes };
  }

  // The lower bounds are what the link must hold; upper ones would measure the machine: the virtual clock shows them.
  test('a request takes the round trip and the service time, the first one a round trip more', async () => {
    const port = await listen(BASE);
    const agent = new Agent({ keepAlive: true });
    expect((await ask(port, agent, 0)).firstByteMs).toBeGreaterThan(69);
    const again: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) again.push((await ask(port, agent, 0)).firstByteMs);
    expect(Math.min(...again)).toBeGreaterThan(49);
    agent.destroy();
  });

  test('a download comes at the rate of the connection', async () => {
    const port = await listen({ ...BASE, connectionDownBytesPerSecond: 10 * MB });
    const agent = new Agent();
    const { bytes, totalMs, firstByteMs } = await ask(port, agent, 4 * MB);
    expect(bytes).toBe(4 * MB);
    expect(totalMs - firstByteMs).toBeGreaterThan(380);
  });

  test('an upload goes at the rate of the connection and slows the client itself', async () => {
    const port = await listen({ ...BASE, connectionUpBytesPerSecond: 10 * MB });
    const { totalMs } = await ask(port, new Agent(), 0, Buffer.alloc(4 * MB));
    expect(totalMs).toBeGreaterThan(400 + 69 - 5);
  });

  test('connections share the common ceiling', async () => {
    const port = await listen({ ...BASE, totalDownBytesPerSecond: 20 * MB });
    const startMs = performance.now();
    const replies = await Promise.all([1, 2, 3, 4].map(async () => await ask(port, new Agent(), 2 * MB)));
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThan(390 + 69);
    // Requests do not begin together on a busy machine; how fair the link itself is, the virtual clock shows.
    const ends = replies.map(({ totalMs }) => totalMs);
    expect(Math.min(...ends)).toBeGreaterThan(0.4 * Math.max(...ends));
  });

  test('a client that sends its last byte and half-closes still gets the whole reply, then the end', async () => {
    const seen: string[] = [];
    const port = await listen({ ...BASE, connectionDownBytesPerSecond: 10 * MB }, (connection) => {
      connection.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
      connection.on('end', () => connection.end(Buffer.alloc(300_000)));
    });
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end('question');
    let received = 0;
    for await (const chunk of socket) received += (chunk as Buffer).length;
    expect(seen.join('')).toBe('question');
    expect(received).toBe(300_000);
  });

  test('a client that goes away in the middle takes the connection and its timers with it', async () => {
    const port = await listen({ ...BASE, connectionDownBytesPerSecond: 1 * MB });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /50000000 HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    const connection = shaped[0];
    if (connection === undefined) throw new Error('no connection was accepted');
    const closed = new Promise((resolve) => connection.once('close', resolve));
    socket.destroy();
    await closed;
    expect(clock.openTimers).toBe(0);
  });

  test('a client that does not read stops the server from sending, in bounded memory', async () => {
    const port = await listen({ ...BASE, roundTripMs: 2, requestOverheadMs: 0 });
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write('GET /100000000 HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(server, 'connection');
    // Nothing is left to happen by time once the kernel's buffers and the lane are full.
    while (clock.openTimers > 0 || (shaped[0]?.writableLength ?? 0) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(shaped[0]?.writableNeedDrain).toBe(true);
    socket.destroy();
  });

  test('a link that asks for nothing gives the socket back', () => {
    const link = createLink({ ...BASE, roundTripMs: 0, requestOverheadMs: 0 });
    const socket = connect(1, '127.0.0.1');
    socket.on('error', () => undefined);
    expect(shapeConnection(socket, link)).toBe(socket);
    socket.destroy();
    return listen(BASE);
  });
});
