import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../config/schema.js';
import { type Emulator } from '../../emulator/emulator.js';
import { Failure } from '../../errors/failure.js';
import type { ObjectStore } from '../../s3/store.js';
import { createTransporter } from '../create.js';
import { pacedStore, RequestPacer } from './pacer.js';
import { startEmulatedStore, type EmulatedStore } from '../../s3/testing/emulated-store.js';

describe('four downloads at a server that allows 20 requests a second', () => {
  const RANGE_BYTES = 4096;
  const RANGES = 25;
  const FILES = 4;
  const bytes = randomBytes(RANGES * RANGE_BYTES);
  let server: EmulatedStore;
  let emulator: Emulator;
  let store: ObjectStore;
  let folder: string;

  beforeAll(async () => {
    server = await startEmulatedStore(['storm'], { client: 'lean' });
    ({ emulator, store } = server);
    await store.put('object', bytes);
    folder = await mkdtemp(join(tmpdir(), 'objectfs-storm-'));
  });

  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  test('they share one learnt rate: after the start few requests are refused, and none falls back', async () => {
    emulator.setFaults({ throttle: { readsPerSecond: 20, per: 'bucket' } });
    // Smaller ranges than the schema takes: what is shown does not depend on their size.
    const { transfer } = configSchema.parse({ transfer: { connections: 8 } });
    const settings = { ...transfer, chunkSize: RANGE_BYTES };
    const count = () => emulator.faultCounts()[0] ?? { matched: 0, fired: 0 };
    let atHalf: ReturnType<typeof count> | undefined;
    const doneBytes = new Map<number, number>();
    const onProgress = (file: number) => (done: number) => {
      doneBytes.set(file, done);
      const sum = [...doneBytes.values()].reduce((total, each) => total + each, 0);
      if (sum > (FILES * bytes.length) / 2) atHalf ??= count();
    };
    const summaries = await Promise.all(
      Array.from({ length: FILES }, (_none, file) =>
        createTransporter('optimized', store, settings).download(
          'object',
          { kind: 'file', path: join(folder, String(file)) },
          { onProgress: onProgress(file) },
        ),
      ),
    );
    for (const [file, { fallback }] of summaries.entries()) {
      expect(fallback).toBeUndefined();
      expect((await readFile(join(folder, String(file)))).equals(bytes)).toBe(true);
    }
    const whole = count();
    // 32 of them begin at once, and the bucket holds two.
    expect(whole.fired).toBeGreaterThan(0);
    const later = {
      asked: whole.matched - (atHalf?.matched ?? 0),
      refused: whole.fired - (atHalf?.fired ?? 0),
    };
    expect(later.asked).toBeGreaterThanOrEqual((FILES * RANGES) / 2 - 32);
    expect(later.refused / later.asked).toBeLessThan(0.1);
  });

  test('reads that were refused hold no writes back', async () => {
    emulator.setFaults({ throttle: { readsPerSecond: 0.001, per: 'bucket' } });
    const paced = pacedStore(store);
    expect(pacedStore(paced)).toBe(paced);
    await paced.get('object').catch(() => undefined);
    const failure = await paced.head('object').catch((reason: unknown) => Failure.from(reason));
    expect(failure).toMatchObject({ kind: 'throttled' });
    emulator.setFaults(undefined);
    await paced.put('other', bytes);
  });
});

describe('the turn of a request', () => {
  const refused = () => Promise.reject(new Failure('throttled', 'slow down'));

  test('a cancelled one ends at once, and the one behind it gets its turn', async () => {
    const pacer = new RequestPacer();
    await pacer.run(refused, undefined).catch(() => undefined);
    expect(pacer.perSecond()).toBe(10);
    const stop = new AbortController();
    const began: string[] = [];
    const ask = (name: string, signal?: AbortSignal) =>
      pacer.run(() => Promise.resolve(began.push(name)), signal);
    const first = ask('first');
    const second = ask('second', stop.signal);
    const third = ask('third');
    stop.abort();
    await expect(second).rejects.toMatchObject({ kind: 'cancelled' });
    expect(began).toEqual([]);
    await Promise.all([first, third]);
    expect(began).toEqual(['first', 'third']);
  });

  test('other failures leave the rate as it is', async () => {
    const pacer = new RequestPacer();
    await pacer.run(() => Promise.reject(new Failure('reset', 'cut')), undefined).catch(() => undefined);
    expect(pacer.perSecond()).toBe(Infinity);
  });
});
