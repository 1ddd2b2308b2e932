import { createHash, randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { configSchema } from '../config/schema.js';
import { failureOf } from '../errors/testing/failure-of.js';
import { createStore } from '../s3/client.js';
import { connectionForTransfers } from '../s3/connection.js';
import type { StoredChecksum } from '../s3/checksums/algorithm.js';
import type { ObjectStore } from '../s3/store.js';
import { ThreadWatch } from '../s3/workers/testing/thread-watch.js';
import { createTransporter } from './create.js';
import { startProxiedStore, type ProxiedStore } from './testing/proxied-store.js';
import type { SeenRequest, WireFault } from './testing/wire-proxy.js';
import type { Transporter } from './transporter.js';

const MIB = 2 ** 20;
/** Two parts up, three and more down. */
const bytes = randomBytes(6 * MIB);
let place: ProxiedStore;
let target: string;
let source: string;
let threads: ThreadWatch;
/** By their workers. */
const stores = new Map<number, ObjectStore>();

beforeAll(async () => {
  place = await startProxiedStore('workers', 'lean');
  target = join(place.folder, 'target');
  source = join(place.folder, 'source');
  await writeFile(source, bytes);
  await place.direct.put('whole', bytes);
});

afterAll(() => place.close());

beforeEach(() => {
  place.proxy.reset();
});

afterEach(async () => {
  place.emulator.setFaults(undefined);
  await rm(target, { force: true });
});

/** The tests of a group share their threads, which have ended when it is over. */
function shareThreads(): void {
  beforeAll(() => {
    threads = new ThreadWatch();
  });
  afterAll(async () => {
    for (const store of stores.values()) store.close();
    stores.clear();
    await threads.ended();
  });
}

function transporter(workers: number, chunkSize = 5 * MIB): Transporter {
  const { transfer } = configSchema.parse({ transfer: { workers } });
  const store =
    stores.get(workers) ?? createStore(connectionForTransfers(place.connection, transfer), 'workers');
  stores.set(workers, store);
  const settings = { ...transfer, chunkSize, connections: 3 };
  return createTransporter('optimized', store, settings, { retry: { baseDelayMs: 1, maxDelayMs: 5 } });
}

async function storedChecksum(): Promise<StoredChecksum> {
  const { checksum } = await place.direct.head('whole', { checksum: true });
  if (checksum === undefined) throw new Error('the server keeps no checksum');
  return checksum;
}

function digest(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

describe.each([1, 2])('with %d workers', (workers) => {
  shareThreads();

  test('a file, a stream and bytes go up as they are', async () => {
    // Each part waits for the other, so that no thread has both.
    place.proxy.decide(({ path }) => {
      place.proxy.gather(path.includes('partNumber=') ? 2 : 1);
      return undefined;
    });
    const over = transporter(workers);
    for (const from of [
      { kind: 'file', path: source } as const,
      { kind: 'stream', stream: Readable.from([bytes]), sizeBytes: bytes.length } as const,
      { kind: 'bytes', bytes } as const,
    ]) {
      const summary = await over.upload(from.kind, from);
      expect(summary).toMatchObject({ parts: 2, retries: 0, verification: { verified: true } });
      expect(digest(await place.stored(from.kind))).toBe(digest(bytes));
    }
    expect(threads.started).toHaveLength(workers);
  });

  test('an object goes down to a file and to a stream as it is', async () => {
    const checksum = await storedChecksum();
    const over = transporter(workers, 2 * MIB);
    const summary = await over.download('whole', { kind: 'file', path: target }, { checksum });
    expect(summary.verification.verified).toBe(true);
    expect(digest(await readFile(target))).toBe(digest(bytes));
    const stream = new PassThrough();
    const [all] = await Promise.all([buffer(stream), over.download('whole', { kind: 'stream', stream })]);
    expect(digest(all)).toBe(digest(bytes));
    expect(threads.started).toHaveLength(workers);
  });
});

describe('with two workers', () => {
  shareThreads();

  test('transfers make the same requests as without', async () => {
    const seenWith = async (count: number) => {
      place.proxy.reset();
      const [up, down] = [transporter(count), transporter(count, 2 * MIB)];
      await up.upload('same', { kind: 'file', path: source });
      await down.download('whole', { kind: 'file', path: target });
      const lines = place.proxy.seen.map((request) => JSON.stringify(request));
      return lines.map((line) => line.replace(/uploadId=\w+/, 'uploadId')).sort();
    };
    expect(await seenWith(2)).toEqual(await seenWith(0));
  });

  test.each<[WireFault, 'PUT' | 'GET']>([
    ['slow-down', 'PUT'],
    ['half-body', 'GET'],
  ])('a transfer tries again after %s of one %s, as without', async (fault, method) => {
    const outcome = async (count: number) => {
      let isBroken = false;
      place.proxy.reset();
      place.proxy.decide((request) => {
        if (isBroken || request.method !== method || request.range === 'bytes=0-2097151') return undefined;
        isBroken = true;
        return fault;
      });
      const over = transporter(count, method === 'PUT' ? 5 * MIB : 2 * MIB);
      const { retries, requests, fallback } =
        method === 'PUT'
          ? await over.upload('again', { kind: 'bytes', bytes })
          : await over.download('whole', { kind: 'file', path: target });
      const moved = method === 'PUT' ? await place.stored('again') : await readFile(target);
      return { retries, requests, fallback, isBroken, moved: digest(moved) };
    };
    const found = await outcome(2);
    expect(found).toMatchObject({ retries: 1, isBroken: true, moved: digest(bytes) });
    expect(found).toEqual(await outcome(0));
  });

  test('bytes that changed on their way are seen', async () => {
    const checksum = await storedChecksum();
    const fault = { kind: 'corrupt-byte' } as const;
    place.emulator.setFaults({ rules: [{ operation: 'GetObject', fault }] });
    const over = transporter(2, 2 * MIB);
    const failure = await failureOf(over.download('whole', { kind: 'file', path: target }, { checksum }));
    expect(failure.kind).toBe('bad-checksum');
    place.emulator.setFaults({
      rules: [{ operation: 'UploadPart', nth: 1, fault: { ...fault, of: 'request' } }],
    });
    const summary = await transporter(2).upload('changed', { kind: 'bytes', bytes });
    expect(place.emulator.faultCounts()).toMatchObject([{ fired: 1 }]);
    expect(summary.retries + Number(summary.fallback !== undefined)).toBe(1);
    expect(digest(await place.stored('changed'))).toBe(digest(bytes));
  });

  test('an upload that is stopped in its middle leaves nothing', async () => {
    const stop = new AbortController();
    place.proxy.decide(({ path }) => {
      if (!path.includes('partNumber=')) return undefined;
      stop.abort();
      return 'stall';
    });
    const { signal } = stop;
    const upload = transporter(2).upload('stopped', { kind: 'bytes', bytes }, { signal });
    expect((await failureOf(upload)).kind).toBe('cancelled');
    expect(await place.direct.listUploads()).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('a download that is stopped in its middle leaves no file', async () => {
    const stop = new AbortController();
    const { signal } = stop;
    const onProgress = (): void => {
      stop.abort();
    };
    const over = transporter(2, 2 * MIB);
    const download = over.download('whole', { kind: 'file', path: target }, { signal, onProgress });
    expect((await failureOf(download)).kind).toBe('cancelled');
    expect(await readdir(place.folder)).toEqual(['source']);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe.each(['up', 'down'] as const)('on the way %s', (way) => {
  shareThreads();

  test('a transfer outlives the loss of its threads', async () => {
    let isKilled = false;
    const isNth = ({ path, range }: SeenRequest): boolean =>
      way === 'up' ? path.includes('partNumber=2') : range?.startsWith('bytes=4') === true;
    place.proxy.decide((request) => {
      if (isKilled || !isNth(request)) return undefined;
      isKilled = true;
      void threads.killAll();
      return 'stall';
    });
    const over = transporter(2, way === 'up' ? 5 * MIB : 2 * MIB);
    const summary =
      way === 'up'
        ? await over.upload('outlived', { kind: 'bytes', bytes })
        : await over.download('whole', { kind: 'file', path: target });
    expect(summary.retries).toBeGreaterThan(0);
    expect(summary.fallback).toBeUndefined();
    const moved = way === 'up' ? await place.stored('outlived') : await readFile(target);
    expect(digest(moved)).toBe(digest(bytes));
  });
});
