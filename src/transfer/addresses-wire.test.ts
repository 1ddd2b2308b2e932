import { randomBytes } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { Writable } from 'node:stream';
import { configSchema } from '../config/schema.js';
import { startEmulatedStore, type EmulatedStore } from '../s3/testing/emulated-store.js';
import { createStore } from '../s3/client.js';
import { createTransporter } from './create.js';

/** Listens on one address, and passes connections on to a server. */
interface Door {
  readonly port: number;
  readonly accepted: () => number;
  close(): Promise<void>;
}

// All of 127.0.0.0/8 is there on Linux only.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux.each(['sdk', 'lean'] as const)(
  'an endpoint with two addresses, over the %s client (Linux)',
  (client) => {
    const bytes = randomBytes(24 * 2 ** 20);
    const { transfer } = configSchema.parse({ transfer: { chunkSize: '5MiB', connections: 4 } });
    let emulated: EmulatedStore;
    let doors: Door[];

    beforeAll(async () => {
      emulated = await startEmulatedStore(['bucket']);
    });

    afterAll(async () => {
      await emulated.close();
    });

    beforeEach(async () => {
      const { port } = new URL(emulated.emulator.endpoint);
      const first = await openDoor('127.0.0.1', 0, Number(port));
      doors = [first, await openDoor('127.0.0.2', first.port, Number(port))];
    });

    afterEach(async () => {
      await Promise.all(doors.map((door) => door.close()));
    });

    /** Uploads and downloads over a store of its own; the second address is the first in the answer. */
    async function moveThere(): Promise<void> {
      const answer: readonly LookupAddress[] = ['127.0.0.2', '127.0.0.1'].map((address) => ({
        address,
        family: 4,
      }));
      const endpoint = `http://two-addresses.invalid:${doors[0]?.port ?? 0}`;
      const store = createStore({ ...emulated.connection, endpoint, client }, 'bucket', {
        resolveAddresses: () => Promise.resolve(answer),
      });
      const transporter = createTransporter('optimized', store, transfer);
      try {
        const up = await transporter.upload('key', { kind: 'bytes', bytes });
        const pieces: Buffer[] = [];
        const stream = new Writable({
          write(piece: Buffer, _encoding, done) {
            pieces.push(Buffer.from(piece));
            done();
          },
        });
        const down = await transporter.download('key', { kind: 'stream', stream });
        expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
        expect([up.fallback, up.retries, down.fallback, down.retries]).toEqual([undefined, 0, undefined, 0]);
      } finally {
        store.close();
      }
    }

    test('spreads the connections of a transfer over both', async () => {
      await moveThere();
      const accepted = doors.map((door) => door.accepted());
      expect(Math.min(...accepted)).toBeGreaterThanOrEqual(2);
    });

    test('one address that refuses costs neither the transfer nor a try of any part', async () => {
      await doors[1]?.close();
      await moveThere();
      expect(doors[0]?.accepted()).toBeGreaterThanOrEqual(4);
    });
  },
);

async function openDoor(host: string, port: number, target: number): Promise<Door> {
  let accepted = 0;
  const server: Server = createServer((inner) => {
    accepted += 1;
    const outer = connect(target, '127.0.0.1');
    inner.on('error', () => outer.destroy()).on('close', () => outer.destroy());
    outer.on('error', () => inner.destroy()).on('close', () => inner.destroy());
    inner.pipe(outer).pipe(inner);
  });
  await new Promise<void>((listening) => server.listen(port, host, listening));
  const address = server.address() as AddressInfo; // it listens on TCP
  return {
    port: address.port,
    accepted: () => accepted,
    close: () =>
      new Promise(
        (closed) =>
          void server.close(() => {
            closed();
          }),
      ),
  };
}
