import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { configSchema } from '../../config/schema.js';
import { startEmulator, type Emulator } from '../../emulator/emulator.js';
import { createBucketAdmin } from '../../s3/admin.js';
import { createStore } from '../../s3/client.js';
import type { ObjectStore } from '../../s3/store.js';
import { optimizedTransporter } from '../optimized.js';
import { createWindow } from '../congestion/choose.js';
import { newTally } from '../tally.js';
import { startWireProxy, type WireProxy } from '../testing/wire-proxy.js';
import { Hedger } from './hedger.js';

describe('transfer.hedge, as the server sees it', () => {
  const PART_BYTES = 128 * 1024;
  const PARTS = 24;
  const bytes = randomBytes(PARTS * PART_BYTES);
  let emulator: Emulator;
  let proxy: WireProxy;
  let store: ObjectStore;
  let folder: string;

  /** With two connections there is room for a second request only when a stalled range is all that is left. */
  function settingsOf(settings: Record<string, unknown>) {
    const { transfer } = configSchema.parse({ transfer: { connections: 2, ...settings } });
    // Smaller parts than the schema takes: what is shown does not depend on their size.
    return { ...transfer, chunkSize: PART_BYTES };
  }

  function download(settings: Record<string, unknown>, onProgress?: (doneBytes: number) => void) {
    const small = settingsOf(settings);
    const sink = { kind: 'file', path: join(folder, 'object') } as const;
    const options = onProgress === undefined ? {} : { onProgress };
    return optimizedTransporter({ store, settings: small }).download('object', sink, options);
  }

  beforeAll(async () => {
    emulator = await startEmulator();
    proxy = await startWireProxy(emulator.endpoint);
    folder = await mkdtemp(join(tmpdir(), 'objectfs-hedge-'));
    const { region, credentials } = emulator;
    const connect = (endpoint: string) =>
      ({ endpoint, region, credentials, forcePathStyle: true, client: 'lean' }) as const;
    const admin = createBucketAdmin(connect(emulator.endpoint));
    await admin.create('hedge');
    admin.close();
    store = createStore(connect(proxy.endpoint), 'hedge');
    await store.put('object', bytes);
  });

  afterAll(async () => {
    store.close();
    await proxy.close();
    await emulator.close();
    await rm(folder, { recursive: true });
  });

  beforeEach(() => {
    proxy.reset();
    emulator.setFaults(undefined);
  });

  /** Ranges that were asked for more than once. */
  function repeated(): readonly (string | undefined)[] {
    const ranges = proxy.seen.map(({ range }) => range);
    return ranges.filter((range, index) => ranges.indexOf(range) !== index);
  }

  function stall(nth: number, forMs?: number): void {
    const fault = { kind: 'stalled-body', fraction: 0.5, ...(forMs === undefined ? {} : { forMs }) } as const;
    emulator.setFaults({ rules: [{ operation: 'GetObject', nth, fault }] });
  }

  test.each([1, 5, 20])('range %i stalls for ever: one more request brings it', async (nth) => {
    stall(nth);
    const progress: number[] = [];
    const summary = await download({ hedge: true }, (doneBytes) => progress.push(doneBytes));
    expect(summary).toMatchObject({ hedged: 1, hedgeWins: 1, retries: 0, requests: PARTS + 1 });
    expect(proxy.seen).toHaveLength(PARTS + 1);
    expect(repeated()).toEqual([proxy.seen[nth - 1]?.range]);
    expect((await readFile(join(folder, 'object'))).equals(bytes)).toBe(true);
    expect(progress.at(-1)).toBe(bytes.length);
  });

  test('without the key each range is asked for once, and a stall is waited for', async () => {
    stall(5, 1_000);
    const summary = await download({});
    expect(summary).toMatchObject({ hedged: 0, hedgeWins: 0, requests: PARTS });
    expect([proxy.seen.length, repeated()]).toEqual([PARTS, []]);
  });

  test('a stream gets each byte once and in order', async () => {
    stall(10);
    const chunks: Buffer[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
    const transporter = optimizedTransporter({ store, settings: settingsOf({ hedge: true }) });
    const { hedged } = await transporter.download('object', { kind: 'stream', stream });
    expect(repeated()).toContain(proxy.seen[9]?.range);
    expect(proxy.seen).toHaveLength(PARTS + hedged);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('after a 503 no range is asked for twice at one time', async () => {
    stall(5, 1_000);
    proxy.decide((_request, nth) => (nth === 8 ? 'slow-down' : undefined));
    expect(await download({ hedge: true })).toMatchObject({ hedged: 0, retries: 1, requests: PARTS + 1 });
  });
});

describe('two requests for one part', () => {
  const PART_BYTES = 1000;

  /** A window of four, and a transfer of which five parts took no time. */
  async function warm() {
    const tally = newTally();
    const hedger = new Hedger(tally, undefined);
    const limits = { partBytes: PART_BYTES, maxBytes: 4 * PART_BYTES };
    const part = {
      sizeBytes: PART_BYTES,
      window: createWindow('cubic', limits, performance.now()),
      signal: undefined,
    };
    for (let count = 0; count < 5; count += 1) {
      await hedger.race(part, () => Promise.resolve(), never);
    }
    return { tally, hedger, part };
  }

  /** A promise that the test resolves. */
  function open() {
    let resolve: () => void = () => undefined;
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    return {
      promise,
      resolve: () => {
        resolve();
      },
    };
  }

  /** Ends by its signal only. */
  function never(signal: AbortSignal): Promise<never> {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new DOMException('cancelled', 'AbortError'));
      });
    });
  }

  test('the loser is cancelled before the winner counts, and the window stays as it was', async () => {
    const { tally, hedger, part } = await warm();
    let isLoserEnded = false;
    const loser = (signal: AbortSignal) => never(signal).finally(() => (isLoserEnded = true));
    let atWork = 0;
    const value = await hedger.race(part, loser, () => {
      atWork = tally.inFlight;
      return Promise.resolve('second');
    });
    expect([value, isLoserEnded, part.window.permits(performance.now())]).toEqual(['second', true, 4]);
    const counted = { hedged: 1, hedgeWins: 1, hedgesCancelled: 0 };
    expect({ ...tally, atWork }).toMatchObject({ atWork: 1, inFlight: 0, ...counted });
  });

  test('a first request that ends while the second is under way cancels it', async () => {
    const { tally, hedger, part } = await warm();
    const { promise, resolve: finish } = open();
    const first = () => promise;
    const value = await hedger.race<string>(part, first, (signal) => {
      finish();
      return never(signal);
    });
    expect([value, tally.inFlight]).toEqual([undefined, 0]);
    expect(tally).toMatchObject({ hedged: 1, hedgeWins: 0, hedgesCancelled: 1 });
    expect(part.window.permits(performance.now())).toBe(4);
  });

  test('a second request that fails leaves the first alone', async () => {
    const { tally, hedger, part } = await warm();
    const { promise, resolve: finish } = open();
    const first = () => promise;
    const value = await hedger.race<string>(part, first, () => {
      setImmediate(finish);
      return Promise.reject(new Error('reset'));
    });
    expect(value).toBeUndefined();
    expect(tally).toMatchObject({ hedged: 1, hedgeWins: 0, hedgesCancelled: 0 });
  });
});
