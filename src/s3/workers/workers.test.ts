import { createHash, randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../../errors/failure.js';
import { failureOf } from '../../errors/testing/failure-of.js';
import { startProxiedStore, type ProxiedStore } from '../../transfer/testing/proxied-store.js';
import { createStore } from '../client.js';
import { crc32Base64 } from '../payload.js';
import type { ObjectStore } from '../store.js';
import { sizeBehindBadRange } from '../unsatisfied-range.js';
import { ThreadWatch } from './testing/thread-watch.js';

/** Over HTTP; threads run the last build. */
describe('a store with transfer workers', () => {
  const MIB = 2 ** 20;
  let place: ProxiedStore;
  let store: ObjectStore;
  let threads: ThreadWatch;

  beforeAll(async () => {
    place = await startProxiedStore('workers', 'lean');
  });

  afterAll(() => place.close());

  beforeEach(() => {
    place.proxy.reset();
    threads = new ThreadWatch();
    store = open(2);
  });

  afterEach(async () => {
    store.close();
    await threads.ended();
  });

  const open = (transferWorkers: number): ObjectStore =>
    createStore({ ...place.connection, transferWorkers }, 'workers');
  const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const kindOf = (run: Promise<unknown>) =>
    run.then(
      () => 'none',
      (reason: unknown) => Failure.from(reason).kind,
    );
  const firstBytes = (sizeBytes: number) => ({ range: { firstByte: 0, lastByte: sizeBytes - 1 } });
  const read = async (key: string, sizeBytes: number): Promise<Buffer> =>
    Buffer.concat(await (await store.get(key, firstBytes(sizeBytes))).body.toArray());

  test('bodies are the same up and down; small ones need no thread', async () => {
    for (const sizeBytes of [MIB - 1, MIB, 3 * MIB + 7]) {
      const bytes = randomBytes(sizeBytes);
      const { etag } = await store.put('sized', bytes, { metadata: { a: 'b' } });
      expect(etag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
      expect(digest(await place.stored('sized'))).toBe(digest(bytes));
      expect(digest(await read('sized', sizeBytes))).toBe(digest(bytes));
      expect(await store.head('sized')).toMatchObject({ metadata: { a: 'b' }, sizeBytes });
      expect(threads.started).toHaveLength(sizeBytes < MIB ? 0 : 1);
    }
  });

  test('a range of the middle is told as the server sends it', async () => {
    const bytes = randomBytes(4 * MIB);
    await store.put('middle', bytes);
    const range = { firstByte: MIB + 5, lastByte: 4 * MIB + 99 };
    const { head, range: sent, body } = await store.get('middle', { range });
    expect(sent).toEqual({ firstByte: MIB + 5, lastByte: 4 * MIB - 1 });
    expect(head).toMatchObject({ key: 'middle', sizeBytes: 4 * MIB });
    expect(digest(Buffer.concat(await body.toArray()))).toBe(digest(bytes.subarray(MIB + 5)));
  });

  test('shared memory that is used again carries its second body, and a kept piece its own bytes', async () => {
    const [first, second] = [randomBytes(2 * MIB), randomBytes(MIB + 1)];
    await store.put('first', first);
    const kept = await read('first', first.length);
    await store.put('second', second);
    await read('second', second.length);
    expect(digest(await place.stored('first'))).toBe(digest(first));
    expect(digest(await place.stored('second'))).toBe(digest(second));
    expect(digest(kept)).toBe(digest(first));
  });

  test('a slow reader is not sent more than a little ahead', async () => {
    await store.put('slowly', randomBytes(8 * MIB));
    const { body } = await store.get('slowly', firstBytes(8 * MIB));
    let mostAhead = 0;
    let seenBytes = 0;
    body.pause().on('data', (chunk: Buffer) => {
      seenBytes += chunk.length;
      body.pause();
    });
    while (!body.readableEnded) {
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      mostAhead = Math.max(mostAhead, body.readableLength);
      body.resume();
    }
    expect(seenBytes).toBe(8 * MIB);
    expect(mostAhead).toBeLessThanOrEqual(3 * MIB);
  });

  test('none of them starts no thread', async () => {
    store = open(0);
    await store.put('none', randomBytes(2 * MIB));
    await read('none', 2 * MIB);
    expect(threads.started).toHaveLength(0);
  });

  test('the sum that a sender made crosses with its body, so that a change on the way between is refused', async () => {
    const [bytes, others] = [randomBytes(MIB), randomBytes(MIB)];
    const uploadId = await store.createUpload('summed');
    const right = { crc32: crc32Base64(bytes) };
    const wrong = { crc32: crc32Base64(others) };
    expect(await kindOf(store.uploadPart('summed', uploadId, 1, bytes, right))).toBe('none');
    expect(await kindOf(store.uploadPart('summed', uploadId, 1, bytes, wrong))).toBe('bad-checksum');
    expect(await kindOf(store.put('summed', bytes, wrong))).toBe('bad-checksum');
    expect(threads.started.length).toBeGreaterThan(0);
    await store.abortUpload('summed', uploadId);
  });

  test('a refused request fails as without threads', async () => {
    const bytes = randomBytes(2 * MIB);
    await store.put('there', bytes);
    const credentials = { accessKeyId: 'AKIAWRONG', secretAccessKey: 'wrong' };
    const failures = async (transferWorkers: number) => {
      const over = open(transferWorkers);
      const stranger = createStore({ ...place.connection, credentials, transferWorkers }, 'workers');
      const range = { firstByte: 0, lastByte: 2 * MIB - 1 };
      const runs = [
        over.put('there', bytes, { ifAbsent: true }),
        over.get('absent', { range }),
        over.get('there', { range, ifMatch: '"0"' }),
        over.get('there', { range: { firstByte: 8 * MIB, lastByte: 10 * MIB } }),
        over.uploadPart('there', 'no-such-upload', 1, bytes),
        stranger.put('there', bytes),
      ];
      const seen = await Promise.all(runs.map((run) => failureOf(run)));
      over.close();
      stranger.close();
      return seen.map((failure) => ({
        ...{ kind: failure.kind, code: failure.code, status: failure.status, remedy: failure.remedy },
        message: failure.message,
        sizeBytes: sizeBehindBadRange(failure),
      }));
    };
    const byThreads = await failures(2);
    expect(byThreads).toEqual(await failures(0));
    expect(byThreads.map(({ kind, sizeBytes }) => [kind, sizeBytes])).toEqual([
      ['precondition-failed', undefined],
      ['missing', undefined],
      ['precondition-failed', undefined],
      ['bad-range', 2 * MIB],
      ['missing-upload', undefined],
      ['bad-signature', undefined],
    ]);
    expect(threads.started.length).toBeGreaterThan(2);
  });

  test('the wish of a server to be asked later crosses too', async () => {
    place.emulator.setFaults({ rules: [{ fault: { kind: 'status', status: 503, retryAfterSeconds: 7 } }] });
    const failure = await failureOf(store.put('slow', randomBytes(MIB)));
    place.emulator.setFaults(undefined);
    expect(failure).toMatchObject({ kind: 'throttled', retryAfterMs: 7000 });
    expect(threads.started).toHaveLength(1);
  });

  test('a fired signal ends what a thread is at, and the same thread goes on', async () => {
    const { signal, stop } = stoppable();
    await store.put('read', randomBytes(2 * MIB));
    place.proxy.decide(() => {
      stop.abort();
      return 'stall';
    });
    expect(await kindOf(store.put('put', randomBytes(2 * MIB), { signal }))).toBe('cancelled');
    const second = stoppable();
    place.proxy.decide(() => {
      second.stop.abort();
      return 'stall';
    });
    const range = firstBytes(2 * MIB);
    expect(await kindOf(store.get('read', { ...range, signal: second.signal }))).toBe('cancelled');
    place.proxy.reset();
    await store.put('put', randomBytes(2 * MIB));
    expect(threads.started).toHaveLength(1);
  });

  test('a body that is given up ends its request, and one whose signal fires fails', async () => {
    await store.put('long', randomBytes(8 * MIB));
    const { body: given } = await store.get('long', firstBytes(8 * MIB));
    given.destroy();
    const { signal, stop } = stoppable();
    const { body } = await store.get('long', { ...firstBytes(8 * MIB), signal });
    body.once('data', () => {
      stop.abort();
    });
    expect(await kindOf(body.toArray())).toBe('cancelled');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('a body that breaks off on the wire fails with what broke it', async () => {
    await store.put('broken', randomBytes(4 * MIB));
    place.proxy.decide(() => 'half-body');
    const { body } = await store.get('broken', firstBytes(4 * MIB));
    expect(await kindOf(body.toArray())).toBe('reset');
  });

  test('requests leave no listener on their signal', async () => {
    const { signal } = stoppable();
    await store.put('listened', randomBytes(MIB), { signal });
    const { body } = await store.get('listened', { ...firstBytes(MIB), signal });
    await body.toArray();
    await kindOf(store.get('absent', { ...firstBytes(MIB), signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('lost threads fail their requests, and the main thread takes over', async () => {
    place.proxy.decide(() => {
      void threads.killAll();
      return 'stall';
    });
    expect(await kindOf(store.put('lost', randomBytes(MIB)))).toBe('reset');
    expect(await kindOf(store.put('lost', randomBytes(MIB)))).toBe('reset');
    expect(threads.started).toHaveLength(2);
    place.proxy.reset();
    const bytes = randomBytes(2 * MIB);
    await store.put('lost', bytes);
    expect(digest(await read('lost', bytes.length))).toBe(digest(bytes));
    expect(threads.started).toHaveLength(2);
  });

  test('credentials that changed sign the next request of the same thread', async () => {
    const fixed = place.connection.credentials;
    const { region } = place.connection;
    const { endpoint } = place.proxy;
    const chain = { endpoint, region, forcePathStyle: true, client: 'lean' } as const;
    const environment = { ...process.env };
    const sign = (AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = ''): void => {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY });
    };
    store = createStore({ ...chain, transferWorkers: 1 }, 'workers');
    try {
      sign('AKIAWRONG', 'wrong');
      expect(await kindOf(store.put('renewed', randomBytes(MIB)))).toBe('bad-signature');
      sign(fixed?.accessKeyId, fixed?.secretAccessKey);
      expect(await kindOf(store.put('renewed', randomBytes(MIB)))).toBe('none');
    } finally {
      process.env = environment;
    }
    expect(threads.started).toHaveLength(1);
  });

  test('a closed store ends its threads and refuses what comes after', async () => {
    await store.put('last', randomBytes(MIB));
    store.close();
    await threads.ended();
    expect(await kindOf(store.put('last', randomBytes(MIB)))).toBe('not-connected');
    expect(threads.started).toHaveLength(1);
  });

  function stoppable(): { readonly stop: AbortController; readonly signal: AbortSignal } {
    const stop = new AbortController();
    return { stop, signal: stop.signal };
  }
});
