import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import type { Failure } from '../../../errors/failure.js';
import { startLinkServer, type LinkServer, type LinkServerOptions } from '../link-server.js';
import type { LinkProfile } from '../profile.js';
import { packetModeObstacle, startPacketLink } from './packet-link.js';

const obstacle = packetModeObstacle();
const describePackets = obstacle === undefined ? describe : describe.skip;

const PROFILE: LinkProfile = {
  ...{ name: 'test', description: '', source: '', roundTripMs: 40, requestOverheadMs: 0 },
  totalUpBytesPerSecond: 1_000_000,
  totalDownBytesPerSecond: 1_000_000,
  queueDownBytes: 100_000,
};
const BODY = randomBytes(500_000);
/** A machine that stands still makes one try slow; it does not stand still five times. */
const MOST_TRIES = 5;

interface Transfer {
  readonly body: Buffer;
  readonly firstByteMs: number;
  readonly bytesPerSecond: number;
}

describePackets(
  `a link of packets (needs root and TUN${obstacle === undefined ? '' : `: ${obstacle}`})`,
  () => {
    let server: Server;
    let upstream: string;

    beforeAll(async () => {
      server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(BODY));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      // A TCP server that listens has an AddressInfo.
      upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });

    afterAll(() => {
      server.close();
    });

    async function through<T>(
      start: (options: LinkServerOptions) => Promise<LinkServer>,
      profile: LinkProfile,
      work: (link: LinkServer) => Promise<T>,
    ): Promise<T> {
      const link = await start({ upstream, profile });
      try {
        return await work(link);
      } finally {
        await link.close();
      }
    }

    async function download({ port }: LinkServer): Promise<Transfer> {
      const beginMs = performance.now();
      const socket = connect(port, '127.0.0.1');
      socket.write('body, please');
      const chunks: Buffer[] = [];
      let firstMs: number | undefined;
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        firstMs ??= performance.now();
        chunks.push(chunk);
      }
      const endMs = performance.now();
      return {
        body: Buffer.concat(chunks),
        firstByteMs: (firstMs ?? endMs) - beginMs,
        bytesPerSecond: (BODY.length / (endMs - beginMs)) * 1000,
      };
    }

    test('carries a body as the relay mode does: the same bytes, at a rate that differs by less than a third', async () => {
      const best = { packet: 0, relay: 0 };
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        for (const [mode, start] of [
          ['packet', startPacketLink],
          ['relay', startLinkServer],
        ] as const) {
          const transfer = await through(start, PROFILE, download);
          expect(transfer.body.equals(BODY)).toBe(true);
          // Set-up and request take two round trips; nothing passes faster than asked, however fast the machine.
          expect(transfer.firstByteMs).toBeGreaterThan(2 * PROFILE.roundTripMs - 4);
          expect(transfer.bytesPerSecond).toBeLessThan(1_000_000);
          best[mode] = Math.max(best[mode], transfer.bytesPerSecond);
        }
        if (isWithinThird(best.packet / best.relay)) break;
      }
      expect(best.packet / best.relay).toBeGreaterThan(2 / 3);
      expect(best.packet / best.relay).toBeLessThan(3 / 2);
    });

    test('TCP repairs what is lost, and the counts tell of each packet', async () => {
      const profile = { ...PROFILE, roundTripMs: 4, lossRatio: 0.03 };
      await through(startPacketLink, profile, async (link) => {
        const { body } = await download(link);
        expect(body.equals(BODY)).toBe(true);
        const { connections, down } = link.counts();
        expect(connections).toBe(1);
        expect(down.bytes).toBeGreaterThan(BODY.length);
        expect(down.segments).toBeGreaterThanOrEqual(Math.ceil(BODY.length / 1460));
        expect(down.losses).toBeGreaterThan(0);
        expect(down.losses / down.segments).toBeLessThan(0.1);
      });
    });

    test('has two namespaces of its own, and leaves neither them nor a device', async () => {
      const before = namespaces().size;
      await through(startPacketLink, PROFILE, (link) => {
        expect(link.port).toBeGreaterThan(0);
        // The far thread is at home again: only its sockets hold its namespace.
        expect(namespaces().size).toBe(before + 1);
        expect(tunDescriptors()).toBe(2);
        return Promise.resolve();
      });
      expect(namespaces().size).toBe(before);
      expect(tunDescriptors()).toBe(0);
    });

    test.each([
      ['far', 0],
      ['near', 1],
    ])('the death of its %s thread is told once, and its end by close is not', async (side, index) => {
      const threads: Worker[] = [];
      const note = (message: unknown): void => {
        threads.push((message as { readonly worker: Worker }).worker); // Node.js documentation, worker_threads
      };
      subscribe('worker_threads', note);
      const told: Failure[] = [];
      const link = await startPacketLink({
        ...{ upstream, profile: PROFILE },
        onBroken: (failure) => told.push(failure),
      });
      unsubscribe('worker_threads', note);
      await threads[index]?.terminate();
      await link.close();
      const message = `The ${side} end of the link has died: its thread ended with code 1`;
      expect(told).toEqual([expect.objectContaining({ kind: 'internal', message })]);
      expect(tunDescriptors()).toBe(0);
    });

    test('an address that is taken is an error, and nothing stays', async () => {
      const { port } = server.address() as AddressInfo;
      await expect(startPacketLink({ upstream, profile: PROFILE, port })).rejects.toMatchObject({
        kind: 'usage',
      });
      expect(tunDescriptors()).toBe(0);
    });

    test('what packets can not do is refused', async () => {
      const faults = { rules: [] };
      await expect(startPacketLink({ upstream, profile: PROFILE, faults })).rejects.toMatchObject({
        kind: 'usage',
      });
      const profile = { ...PROFILE, meanBytesToReset: 1000 };
      await expect(startPacketLink({ upstream, profile })).rejects.toMatchObject({ kind: 'usage' });
    });
  },
);

function isWithinThird(ratio: number): boolean {
  return ratio > 2 / 3 && ratio < 3 / 2;
}

/** Network namespaces of the threads of this process. */
function namespaces(): Set<string> {
  return new Set(linksIn('/proc/self/task', 'ns/net'));
}

function tunDescriptors(): number {
  return linksIn('/proc/self/fd', '').filter((target) => target === '/dev/net/tun').length;
}

/** What is gone in the meantime is left out. */
function linksIn(folder: string, below: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}/${below}`.replace(/\/$/, ''))];
    } catch {
      return [];
    }
  });
}
