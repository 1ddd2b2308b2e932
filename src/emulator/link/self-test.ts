import { once, setMaxListeners } from 'node:events';
import { Agent, createServer as createHttpServer, request, type Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { createLink, type Link } from './link.js';
import type { LinkProfile } from './profile.js';
import { shapeConnection } from './shape.js';

/** One number of a profile, as asked for and as measured on this machine's clock. */
export interface Measured {
  readonly what: string;
  readonly unit: 'ms' | 'MB/s' | '%';
  readonly asked: number;
  readonly reached: number;
}

/** How long a rate is measured, slow start left out. */
const RATE_MS = 3000;
const SLOW_START_MS = 1500;
const ROUND_TRIPS = 21;
const MANY = 16;
const NEW_CONNECTIONS = 5;
/** With fewer, chance decides: the standard error is a tenth then. */
const LEAST_BURSTS = 100;
const CHUNK = Buffer.alloc(64 * 1024);
const MB = 1e6;

/**
 * Measures on the clock of this machine what a link makes of a profile: times to the first byte, rates of one and of 16
 * connections, loss. A path with loss or with steps of capacity states no rate, so none is compared.
 *
 * @throws the signal's reason.
 */
export async function measureLink(
  profile: LinkProfile,
  seed: number,
  signal: AbortSignal,
): Promise<readonly Measured[]> {
  const bench = await openBench(profile, seed);
  try {
    return [
      ...(await measureTimes(bench, profile, signal)),
      ...(await measureRates(bench, profile, signal)),
      ...measureLoss(bench.link, profile),
    ];
  } finally {
    bench.close();
  }
}

interface Bench {
  readonly link: Link;
  readonly port: number;
  /** Bytes that the server has got. */
  readonly received: { bytes: number };
  close(): void;
}

/** GET is answered without end, GET /once with nothing; what PUT sends is counted. */
async function openBench(profile: LinkProfile, seed: number): Promise<Bench> {
  const link = createLink(profile, { seed });
  const received = { bytes: 0 };
  const http = endlessServer(received);
  const connections = new Set<ReturnType<typeof shapeConnection>>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = shapeConnection(socket, link);
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.once('close', () => connections.delete(connection));
    http.emit('connection', connection);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    link,
    received,
    // A TCP server that listens has an AddressInfo.
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

function endlessServer(received: { bytes: number }): HttpServer {
  return createHttpServer((incoming, reply) => {
    incoming.on('data', (chunk: Buffer) => (received.bytes += chunk.length));
    incoming.on('error', () => undefined);
    reply.on('error', () => undefined);
    incoming.on('end', () => {
      if (incoming.url === '/once') {
        reply.end('x');
        return;
      }
      const fill = (): void => {
        while (!reply.destroyed && reply.write(CHUNK));
      };
      reply.on('drain', fill);
      fill();
    });
  });
}

async function measureTimes(bench: Bench, profile: LinkProfile, signal: AbortSignal): Promise<Measured[]> {
  const kept = new Agent({ keepAlive: true });
  await firstByteMs(bench, kept, signal);
  const again: number[] = [];
  for (let turn = 0; turn < ROUND_TRIPS; turn += 1) again.push(await firstByteMs(bench, kept, signal));
  const anew: number[] = [];
  for (let turn = 0; turn < NEW_CONNECTIONS; turn += 1) {
    const once = new Agent();
    anew.push(await firstByteMs(bench, once, signal));
    once.destroy();
  }
  kept.destroy();
  // Half of the bound in each direction.
  const asked = profile.roundTripMs + profile.requestOverheadMs + (profile.jitterMs ?? 0);
  const onNew = asked + profile.roundTripMs;
  return [
    { what: 'first byte, new connection', unit: 'ms', asked: onNew, reached: medianOf(anew) },
    { what: 'first byte, kept connection', unit: 'ms', asked, reached: medianOf(again) },
  ];
}

async function firstByteMs({ port }: Bench, agent: Agent, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const startMs = performance.now();
  const sent = request({ port, host: '127.0.0.1', path: '/once', agent }).end();
  const [reply] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
  const tookMs = performance.now() - startMs;
  reply.resume();
  await once(reply, 'end');
  return tookMs;
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function measureRates(bench: Bench, profile: LinkProfile, signal: AbortSignal): Promise<Measured[]> {
  const states = profile.lossRatio === undefined && profile.capacitySteps === undefined;
  const lines: Measured[] = [];
  for (const direction of ['Down', 'Up'] as const) {
    const own = profile[`connection${direction}BytesPerSecond`] ?? Infinity;
    const total = profile[`total${direction}BytesPerSecond`] ?? Infinity;
    for (const connections of [1, MANY]) {
      const asked = Math.min(own * connections, total) / MB;
      const reached = (await rateOf(bench, direction, connections, signal)) / MB;
      if (!states || asked === Infinity) continue;
      lines.push({
        what: `${direction.toLowerCase()}, ${connections} connections`,
        unit: 'MB/s',
        asked,
        reached,
      });
    }
  }
  return lines;
}

/** Bytes per second after slow start. */
async function rateOf(
  bench: Bench,
  direction: 'Up' | 'Down',
  connections: number,
  signal: AbortSignal,
): Promise<number> {
  const stop = new AbortController();
  const agent = new Agent({ keepAlive: true });
  let got = 0;
  setMaxListeners(connections + 1, stop.signal);
  for (let index = 0; index < connections; index += 1) {
    const method = direction === 'Up' ? 'PUT' : 'GET';
    const sent = request({
      port: bench.port,
      host: '127.0.0.1',
      path: '/',
      method,
      agent,
      signal: stop.signal,
    });
    sent.on('error', () => undefined);
    sent.on('response', (reply) => {
      reply.on('error', () => undefined);
      reply.on('data', (chunk: Buffer) => (got += chunk.length));
    });
    if (direction === 'Down') sent.end();
    else fillRequest(sent);
  }
  const bytes = (): number => (direction === 'Up' ? bench.received.bytes : got);
  try {
    await pause(SLOW_START_MS, signal);
    const before = bytes();
    const startMs = performance.now();
    await pause(RATE_MS, signal);
    return (bytes() - before) / ((performance.now() - startMs) / 1000);
  } finally {
    stop.abort();
    agent.destroy();
  }
}

function fillRequest(sent: ReturnType<typeof request>): void {
  const fill = (): void => {
    while (!sent.destroyed && sent.write(CHUNK));
  };
  sent.on('drain', fill);
  fill();
}

function measureLoss(link: Link, { lossRatio, lossBurstSegments = 1 }: LinkProfile): Measured[] {
  if (lossRatio === undefined) return [];
  const { up, down } = link.counts;
  const expectedBursts = ((up.segments + down.segments) * lossRatio) / lossBurstSegments;
  if (expectedBursts < LEAST_BURSTS) return [];
  const reached = (100 * (up.losses + down.losses)) / (up.segments + down.segments);
  return [{ what: 'segments lost', unit: '%', asked: 100 * lossRatio, reached }];
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, ms));
}
