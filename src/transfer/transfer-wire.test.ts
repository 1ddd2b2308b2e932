import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { configSchema } from '../config/schema.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { Failure } from '../errors/failure.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import { faultyStore } from '../s3/faulty.js';
import type { ObjectStore } from '../s3/store.js';
import { createTransporter } from './create.js';
import { startWireProxy, type WireFault, type WireProxy } from './testing/wire-proxy.js';
import type { Transporter } from './transporter.js';

describe.each(['sdk', 'lean'] as const)('over the %s client', (client) => {
  const MIB = 2 ** 20;
  const RANGE_BYTES = MIB / 4;
  /** Three parts up. */
  const bytes = randomBytes(10 * MIB + 7);
  /** Six parts down; ranges have no least size. */
  const ranged = randomBytes(5.5 * RANGE_BYTES);
  const digest = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
  let emulator: Emulator;
  let proxy: WireProxy;
  /** Past the proxy: what the server really holds. */
  let direct: ObjectStore;
  let store: ObjectStore;
  let folder: string;
  let target: string;

  beforeAll(async () => {
    emulator = await startEmulator();
    proxy = await startWireProxy(emulator.endpoint);
    const admin = createBucketAdmin(connect(emulator.endpoint));
    await admin.create('faults');
    admin.close();
    direct = createStore(connect(emulator.endpoint), 'faults');
    await direct.put('whole', ranged);
    folder = await mkdtemp(join(tmpdir(), 'objectfs-wire-'));
    target = join(folder, 'target');
  });

  afterAll(async () => {
    direct.close();
    await proxy.close();
    await emulator.close();
    await rm(folder, { recursive: true });
  });

  /** What a refusal taught one store of its server's request rate holds the next one up no more. */
  function begin(): void {
    proxy.reset();
    store = createStore(connect(proxy.endpoint), 'faults');
  }

  afterEach(() => {
    store.close();
  });

  beforeEach(async () => {
    begin();
    await direct.delete('key');
    await rm(target, { force: true });
  });

  function connect(endpoint: string) {
    const { region, credentials } = emulator;
    return { endpoint, region, credentials, forcePathStyle: true, client };
  }

  function optimized(over: ObjectStore, chunkSize: number): Transporter {
    const settings = { ...configSchema.parse({}).transfer, chunkSize, connections: 3 };
    return createTransporter('optimized', over, settings, { retry: { baseDelayMs: 1, maxDelayMs: 5 } });
  }

  const upload = (over: ObjectStore, signal?: AbortSignal) =>
    optimized(over, 5 * MIB).upload('key', { kind: 'bytes', bytes }, signal === undefined ? {} : { signal });
  const download = (over: ObjectStore, signal?: AbortSignal) =>
    optimized(over, RANGE_BYTES).download(
      'whole',
      { kind: 'file', path: target },
      signal === undefined ? {} : { signal },
    );

  /** The failure, or `undefined` where there was none; never slower than `limitMs`. */
  async function settled(promise: Promise<unknown>, limitMs = 10_000): Promise<Failure | undefined> {
    const startMs = performance.now();
    const failure = await promise.then(
      () => undefined,
      (reason: unknown) => Failure.from(reason),
    );
    expect(performance.now() - startMs).toBeLessThan(limitMs);
    return failure;
  }

  /** The object is whole after a success, whole or absent after a failure. */
  async function expectAllOrNothing(failure: Failure | undefined): Promise<void> {
    const read = await direct.get('key').catch((reason: unknown) => Failure.from(reason));
    if (read instanceof Failure) {
      expect([read.kind, failure]).toEqual(['missing', expect.any(Failure)]);
      return;
    }
    const hash = createHash('sha256');
    for await (const chunk of read.body) hash.update(chunk as Buffer);
    expect(hash.digest('hex')).toBe(digest(bytes));
  }

  /** The same for the file; never anything else in its folder. */
  async function expectFileOrNothing(failure: Failure | undefined): Promise<void> {
    expect(await readdir(folder)).toEqual(failure === undefined ? ['target'] : []);
    if (failure !== undefined) return;
    expect(digest(await readFile(target))).toBe(digest(ranged));
  }

  async function expectNoUploads(): Promise<void> {
    expect(await direct.listUploads()).toEqual([]);
  }

  describe('the wire breaks', () => {
    test.each(['slow-down', 'reset-before', 'lost-reply', 'half-body'] as const)(
      'a download survives %s of each request',
      async (fault: WireFault) => {
        for (let nth = 1; nth <= 6; nth += 1) {
          store.close();
          begin();
          proxy.decide((_request, number) => (number === nth ? fault : undefined));
          const summary = await download(store);
          expect([summary.retries, summary.requests, summary.fallback]).toEqual([1, 7, undefined]);
          await expectFileOrNothing(undefined);
          await rm(target);
        }
      },
    );

    test.each(['slow-down', 'reset-before', 'lost-reply'] as const)(
      'an upload survives %s of parts',
      async (fault) => {
        for (let nth = 2; nth <= 5; nth += 1) {
          store.close();
          begin();
          proxy.decide((_request, number) => (number === nth ? fault : undefined));
          expect((await upload(store)).fallback).toBeUndefined();
          await expectAllOrNothing(undefined);
          await expectNoUploads();
        }
      },
    );

    test('a server that sends wrong ranges is not believed: one plain request does it', async () => {
      const liar: ObjectStore = {
        ...direct,
        get: (key, options = {}) => {
          const { range, ...rest } = options;
          if (range === undefined || range.firstByte === 0) return direct.get(key, options);
          return direct.get(key, {
            ...rest,
            range: { firstByte: range.firstByte - 1, lastByte: range.lastByte },
          });
        },
      };
      const summary = await download(liar);
      expect(summary.fallback?.reason).toMatch(/asked for bytes/);
      await expectFileOrNothing(undefined);
    });

    test('a stream gets the right bytes after a fallback in the middle', async () => {
      const chunks: Buffer[] = [];
      const stream = new Writable({
        write(chunk: Buffer, _encoding, done) {
          chunks.push(chunk);
          done();
        },
      });
      proxy.decide(({ range }) =>
        range?.startsWith(`bytes=${2 * RANGE_BYTES}-`) === true && chunks.length === 0
          ? 'half-body'
          : undefined,
      );
      const faulty = faultyStore(store, { nth: 5, mode: 'once', kind: 'unsupported' });
      const summary = await optimized(faulty.store, RANGE_BYTES).download('whole', {
        kind: 'stream',
        stream,
      });
      expect(summary.fallback?.reason).toMatch(/^unsupported/);
      expect(digest(Buffer.concat(chunks))).toBe(digest(ranged));
    });
  });

  describe('a replaced object', () => {
    test('is told as changed-under-us, and no mix of both is left', async () => {
      await direct.put('replaced', ranged);
      const faulty = faultyStore(store, { nth: 99, mode: 'once' });
      let reads = 0;
      const racing: ObjectStore = {
        ...faulty.store,
        get: async (key, options) => {
          reads += 1;
          if (reads === 3) await direct.put('replaced', Buffer.alloc(ranged.length, 1));
          return store.get(key, options);
        },
      };
      const sink = { kind: 'file', path: target } as const;
      const failure = await settled(optimized(racing, RANGE_BYTES).download('replaced', sink));
      expect(failure?.kind).toBe('changed-under-us');
      await expectFileOrNothing(failure);
    });
  });

  describe('a cancel', () => {
    test.each([1, 2, 3, 4, 5])(
      'at request %i of an upload leaves nothing behind, and is fast',
      async (nth) => {
        const controller = new AbortController();
        proxy.decide((_request, number) => {
          if (number === nth) controller.abort();
          return undefined;
        });
        const failure = await settled(upload(store, controller.signal));
        expect(failure?.kind).toBe('cancelled');
        await expectAllOrNothing(failure);
        await expectNoUploads();
      },
    );

    test.each([1, 2, 5])('at request %i of a download leaves no file, and is fast', async (nth) => {
      const controller = new AbortController();
      proxy.decide((_request, number) => {
        if (number === nth) controller.abort();
        return undefined;
      });
      const failure = await settled(download(store, controller.signal));
      expect(failure?.kind).toBe('cancelled');
      await expectFileOrNothing(failure);
    });

    test('before the start sends no request', async () => {
      for (const run of [upload, download]) {
        expect((await settled(run(store, AbortSignal.abort())))?.kind).toBe('cancelled');
      }
      expect(proxy.seen).toEqual([]);
    });
  });
});
