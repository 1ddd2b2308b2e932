import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { configSchema } from '../config/schema.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import { restoreObject } from '../s3/restore.js';
import type { ObjectStore } from '../s3/store.js';
import { createTransporter } from './create.js';
import { startWireProxy, type WireProxy } from './testing/wire-proxy.js';

describe('settings of a transfer, as the server sees them', () => {
  const MIB = 2 ** 20;
  const bytes = randomBytes(11 * MIB);
  let emulator: Emulator;
  let proxy: WireProxy;
  let store: ObjectStore;

  function connect(endpoint: string) {
    const { region, credentials } = emulator;
    return { endpoint, region, credentials, forcePathStyle: true, client: 'lean' } as const;
  }

  function optimized(settings: Record<string, unknown>, over = store) {
    const { transfer } = configSchema.parse({ transfer: settings });
    return createTransporter('optimized', over, transfer, { retry: { baseDelayMs: 1, maxDelayMs: 2 } });
  }

  beforeAll(async () => {
    emulator = await startEmulator();
    proxy = await startWireProxy(emulator.endpoint);
    const admin = createBucketAdmin(connect(emulator.endpoint));
    await admin.create('settings');
    admin.close();
    store = createStore(connect(proxy.endpoint), 'settings');
  });

  afterAll(async () => {
    store.close();
    await proxy.close();
    await emulator.close();
  });

  beforeEach(() => {
    proxy.reset();
  });

  test('targetThroughput spreads the parts over time', async () => {
    const startMs = performance.now();
    const began: number[] = [];
    proxy.decide(({ path }) => {
      if (path.includes('partNumber=')) began.push(performance.now() - startMs);
      return undefined;
    });
    // Two parts of 5 MiB go before the last one begins: half a second at 20 MiB/s.
    const paced = optimized({ targetThroughput: '20MiB', chunkSize: '5MiB' });
    await paced.upload('paced', { kind: 'bytes', bytes });
    expect(began).toHaveLength(3);
    expect(Math.max(...began)).toBeGreaterThanOrEqual(495);
  });

  /** Most part requests that were under way together after the first one was cut off. */
  async function inFlightAfterReset(congestion: string): Promise<number> {
    emulator.setFaults({ rules: [{ operation: 'UploadPart', fault: { kind: 'slow', delayMs: 300 } }] });
    let most = NaN;
    let cut = 0;
    proxy.decide(({ path }) => {
      const part = Number(/partNumber=(\d+)/.exec(path)?.[1]);
      if (part === 1) return (cut += 1) === 1 ? 'reset-before' : undefined;
      if (part === 9) {
        // Those of the first window do not count.
        proxy.reset();
        proxy.decide((request) => {
          if (/partNumber=16\b/.test(request.path)) most = proxy.peakInFlight();
          return undefined;
        });
      }
      return undefined;
    });
    const many = Buffer.alloc(80 * MIB, bytes);
    await optimized({ congestion, chunkSize: '5MiB' }).upload('many', { kind: 'bytes', bytes: many });
    emulator.setFaults(undefined);
    return most;
  }

  test('congestion: after a reset fixed sends eight parts at a time as before, cubic and bbr send fewer', async () => {
    expect(await inFlightAfterReset('fixed')).toBe(8);
    expect(await inFlightAfterReset('cubic')).toBeLessThan(8);
    expect(await inFlightAfterReset('bbr')).toBeLessThan(8);
  });

  test('three uploads in a row that end plain keep the fourth from trying parts', async () => {
    proxy.decide(({ path }) => (path.includes('partNumber=') ? 'reset-before' : undefined));
    const transporter = optimized({ chunkSize: '5MiB' });
    for (let count = 0; count < 3; count += 1) {
      const { fallback } = await transporter.upload('plain', { kind: 'bytes', bytes });
      expect(fallback?.reason).toMatch(/^reset/);
    }
    proxy.reset();
    const { fallback } = await transporter.upload('plain', { kind: 'bytes', bytes });
    expect(fallback?.reason).toMatch(/3 times in a row: reset/);
    expect(proxy.seen.map(({ method, path }) => [method, path])).toEqual([
      ['PUT', expect.stringMatching(/plain$/)],
    ]);
  });

  test('an archived object is refused until it is restored', async () => {
    const own = createStore(connect(emulator.endpoint), 'settings');
    await optimized({ storageClass: 'DEEP_ARCHIVE' }, own).upload('cold', { kind: 'bytes', bytes });
    expect((await own.head('cold')).storageClass).toBe('DEEP_ARCHIVE');
    const sink = {
      kind: 'stream',
      stream: new Writable({
        write: (_c, _e, done) => {
          done();
        },
      }),
    } as const;
    await expect(optimized({}, own).download('cold', sink)).rejects.toMatchObject({ kind: 'archived' });
    const wish = { bucket: 'settings', key: 'cold', days: 1, tier: 'Bulk' } as const;
    await restoreObject(connect(emulator.endpoint), wish);
    expect((await own.head('cold')).restore).toMatch(/ongoing-request="false", expiry-date=/);
    const again = {
      kind: 'stream',
      stream: new Writable({
        write: (_c, _e, done) => {
          done();
        },
      }),
    } as const;
    expect((await optimized({}, own).download('cold', again)).sizeBytes).toBe(bytes.length);
    own.close();
  });
});
