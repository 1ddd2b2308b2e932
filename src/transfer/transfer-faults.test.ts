import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { configSchema } from '../config/schema.js';
import { Failure, type FailureKind } from '../errors/failure.js';
import { faultyStore, type FaultPlan } from '../s3/faulty.js';
import type { ObjectStore } from '../s3/store.js';
import { createTransporter } from './create.js';
import { type WireProxy } from './testing/wire-proxy.js';
import type { Transporter } from './transporter.js';
import { startProxiedStore, type ProxiedStore } from './testing/proxied-store.js';

describe.each(['sdk', 'lean'] as const)('over the %s client', (client) => {
  const MIB = 2 ** 20;
  /** Three parts up, six parts down. */
  const bytes = randomBytes(11 * MIB);
  const wanted = createHash('sha256').update(bytes).digest('hex');
  let server: ProxiedStore;
  let proxy: WireProxy;
  /** Past the proxy: what the server really holds. */
  let direct: ObjectStore;
  let store: ObjectStore;
  let folder: string;
  let target: string;

  beforeAll(async () => {
    server = await startProxiedStore('faults', client);
    ({ proxy, direct, store, folder } = server);
    await direct.put('whole', bytes);
    target = join(folder, 'target');
  });

  afterAll(() => server.close());

  beforeEach(async () => {
    proxy.reset();
    await direct.delete('key');
    await rm(target, { force: true });
  });

  function optimized(over: ObjectStore, chunkSize: number): Transporter {
    const settings = { ...configSchema.parse({}).transfer, chunkSize, connections: 3 };
    return createTransporter('optimized', over, settings, { retry: { baseDelayMs: 1, maxDelayMs: 5 } });
  }

  const upload = (over: ObjectStore, signal?: AbortSignal) =>
    optimized(over, 5 * MIB).upload('key', { kind: 'bytes', bytes }, signal === undefined ? {} : { signal });
  const download = (over: ObjectStore, signal?: AbortSignal) =>
    optimized(over, 2 * MIB).download(
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
    expect(hash.digest('hex')).toBe(wanted);
  }

  /** The same for the file; never anything else in its folder. */
  async function expectFileOrNothing(failure: Failure | undefined): Promise<void> {
    expect(await readdir(folder)).toEqual(failure === undefined ? ['target'] : []);
    if (failure !== undefined) return;
    expect(
      createHash('sha256')
        .update(await readFile(target))
        .digest('hex'),
    ).toBe(wanted);
  }

  async function expectNoUploads(): Promise<void> {
    expect(await direct.listUploads()).toEqual([]);
  }

  /** Runs `step` with the n-th request failing, for n = 1, 2, 3, until no request is left to fail. */
  async function sweep(
    plan: Omit<FaultPlan, 'nth'>,
    step: (over: ObjectStore) => Promise<Failure | undefined>,
  ): Promise<readonly (FailureKind | undefined)[]> {
    const outcomes: (FailureKind | undefined)[] = [];
    for (let nth = 1; ; nth += 1) {
      const faulty = faultyStore(store, { ...plan, nth });
      const failure = await step(faulty.store);
      if (faulty.fired() === 0) return outcomes;
      outcomes.push(failure?.kind);
    }
  }

  describe('every request of an upload fails in turn', () => {
    const step = async (over: ObjectStore): Promise<Failure | undefined> => {
      await direct.delete('key');
      const failure = await settled(upload(over));
      await expectAllOrNothing(failure);
      return failure;
    };

    test.each(['throttled', 'server-error', 'timeout', 'reset'] as const)(
      '%s once: it is retried',
      async (kind) => {
        const outcomes = await sweep({ mode: 'once', kind }, step);
        expect(outcomes).toEqual(Array(5).fill(undefined));
        await expectNoUploads();
      },
    );

    test.each(['reset', 'timeout'] as const)(
      'its reply is lost once by a %s: it is retried',
      async (kind) => {
        const methods = ['createUpload', 'uploadPart', 'completeUpload'] as const;
        const outcomes = await sweep({ mode: 'once', kind, when: 'lost-reply', methods }, step);
        expect(outcomes).toEqual(Array(5).fill(undefined));
        await expectNoUploads();
      },
    );

    test('no reply to its creation ever comes: no upload is left, and those of others stay', async () => {
      const other = await direct.createUpload('key.of.another');
      const plan = { nth: 1, mode: 'from-then-on', kind: 'reset', when: 'lost-reply' } as const;
      const faulty = faultyStore(store, { ...plan, methods: ['createUpload'] });
      expect((await upload(faulty.store)).fallback?.reason).toMatch(/^reset/);
      expect(faulty.fired()).toBe(4);
      expect((await direct.listUploads()).map(({ uploadId }) => uploadId)).toEqual([other]);
      await direct.abortUpload('key.of.another', other);
    });

    test('an upload of the same key that another began meanwhile is told, and not aborted', async () => {
      const theirs: string[] = [];
      const busy: ObjectStore = {
        ...store,
        async createUpload(key, options) {
          theirs.push(await direct.createUpload(key));
          return store.createUpload(key, options);
        },
      };
      const plan = { nth: 1, mode: 'once', kind: 'reset', when: 'lost-reply' } as const;
      await upload(faultyStore(busy, { ...plan, methods: ['createUpload'] }).store);
      const left = (await direct.listUploads()).map(({ uploadId }) => uploadId);
      expect(left).toEqual(expect.arrayContaining(theirs));
      for (const uploadId of left) await direct.abortUpload('key', uploadId);
    });

    test('denied once: it fails, and the upload is aborted', async () => {
      expect(await sweep({ mode: 'once', kind: 'denied' }, step)).toEqual(Array(5).fill('denied'));
      await expectNoUploads();
    });

    test('everything fails from then on: it ends with that failure', async () => {
      expect(await sweep({ mode: 'from-then-on', kind: 'server-error' }, step)).toEqual(
        Array(5).fill('server-error'),
      );
      for (const { key, uploadId } of await direct.listUploads()) await direct.abortUpload(key, uploadId);
    });

    test.each(['createUpload', 'uploadPart', 'completeUpload'] as const)(
      '%s fails always: one plain request does it, and the summary says so',
      async (method) => {
        const faulty = faultyStore(store, {
          nth: 1,
          mode: 'from-then-on',
          methods: [method],
          kind: 'unsupported',
        });
        const summary = await upload(faulty.store);
        expect(summary.fallback?.reason).toMatch(/^unsupported: .*failure made for a test/);
        expect(summary.parts).toBe(1);
        await expectAllOrNothing(undefined);
        await expectNoUploads();
      },
    );
  });

  describe('every request of a download fails in turn', () => {
    const step = async (over: ObjectStore): Promise<Failure | undefined> => {
      await rm(target, { force: true });
      const failure = await settled(download(over));
      await expectFileOrNothing(failure);
      return failure;
    };

    test.each(['throttled', 'server-error', 'timeout', 'reset'] as const)(
      '%s once: it is retried',
      async (kind) => {
        expect(await sweep({ mode: 'once', kind }, step)).toEqual(Array(6).fill(undefined));
      },
    );

    test('everything fails from then on: it ends with that failure', async () => {
      const outcomes = await sweep({ mode: 'from-then-on', kind: 'timeout' }, step);
      expect(outcomes.every((kind) => kind === 'timeout')).toBe(true);
      expect(outcomes.length).toBe(6);
    });

    test.each(['missing', 'denied', 'precondition-failed'] as const)(
      '%s: there is no fallback',
      async (kind) => {
        const faulty = faultyStore(store, { nth: 3, mode: 'once', kind });
        const failure = await settled(download(faulty.store));
        expect(failure?.kind).toBe(kind === 'precondition-failed' ? 'changed-under-us' : kind);
        await expectFileOrNothing(failure);
      },
    );
  });
});
