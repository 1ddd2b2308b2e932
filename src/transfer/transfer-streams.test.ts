import { createHash, randomBytes } from 'node:crypto';
import { readFile, symlink, writeFile, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { configSchema, type Config } from '../config/schema.js';
import type { ObjectStore } from '../s3/store.js';
import { createTransporter, type TransporterName } from './create.js';
import { type WireProxy } from './testing/wire-proxy.js';
import type { Transporter } from './transporter.js';
import { failureOf } from '../errors/testing/failure-of.js';
import { startProxiedStore, type ProxiedStore } from './testing/proxied-store.js';

const MIB = 2 ** 20;
const bytes = randomBytes(12 * MIB + 7);
let server: ProxiedStore;
let proxy: WireProxy;
let store: ObjectStore;
let folder: string;
let stored: ProxiedStore['stored'];

beforeAll(async () => {
  server = await startProxiedStore('transfer');
  ({ proxy, store, folder, stored } = server);
  await writeFile(join(folder, 'source'), bytes);
});

afterAll(() => server.close());

beforeEach(() => {
  proxy.reset();
});

function transporter(name: TransporterName, settings: Partial<Config['transfer']> = {}): Transporter {
  const defaults = configSchema.parse({}).transfer;
  const small = { ...defaults, chunkSize: 5 * MIB, ...settings };
  return createTransporter(name, store, small, { connection: server.connection, retry: { baseDelayMs: 1 } });
}

function digest(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

describe('streams and files', () => {
  test('a stream of unknown length is uploaded, whatever its chunks are', async () => {
    for (const size of [0, 5 * MIB, 12 * MIB + 7]) {
      const stream = new PassThrough();
      stream.end(bytes.subarray(0, size));
      const summary = await transporter('optimized').upload('unknown', { kind: 'stream', stream });
      expect(summary.sizeBytes).toBe(size);
      expect(digest(await stored('unknown'))).toBe(digest(bytes.subarray(0, size)));
    }
  });

  test('a stream that is shorter or longer than it said is refused and leaves nothing', async () => {
    await store.delete('liar');
    for (const sizeBytes of [bytes.length - 1, bytes.length + 1]) {
      const stream = Readable.from([bytes]);
      const failure = await failureOf(
        transporter('optimized').upload('liar', { kind: 'stream', stream, sizeBytes }),
      );
      expect(failure.kind).toBe('short-body');
    }
    expect((await failureOf(store.head('liar'))).kind).toBe('missing');
    expect(await store.listUploads('liar')).toEqual([]);
  });

  test('a stream is read no further than the parts in flight need', async () => {
    let produced = 0;
    let acknowledged = 0;
    let worstAhead = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const stream = Readable.from(
      (function* () {
        for (; produced < 60 * MIB; produced += chunk.length) {
          worstAhead = Math.max(worstAhead, produced - acknowledged);
          yield chunk;
        }
      })(),
    );
    const onProgress = (doneBytes: number): void => void (acknowledged = doneBytes);
    await transporter('optimized', { connections: 2 }).upload(
      'ahead',
      { kind: 'stream', stream },
      { onProgress },
    );
    expect(worstAhead).toBeLessThanOrEqual(3 * 5 * MIB + 4 * MIB);
  });

  test('a slow reader of a download holds the requests back', async () => {
    await transporter('optimized').upload('slow', { kind: 'bytes', bytes });
    proxy.reset();
    const held: (() => void)[] = [];
    const stream = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => void held.push(done),
    });
    const settings = { chunkSize: MIB, connections: 2 };
    const pending = transporter('optimized', settings).download('slow', { kind: 'stream', stream });
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(proxy.seen.length).toBeLessThanOrEqual(3);
    const drain = setInterval(() => {
      for (const done of held.splice(0)) done();
    }, 0);
    expect((await pending).requests).toBe(13);
    clearInterval(drain);
  });

  test('a download replaces a file as a whole, through a link, and refuses a device', async () => {
    await store.put('file', Buffer.from('new'));
    await writeFile(join(folder, 'real'), 'old and longer');
    await symlink(join(folder, 'real'), join(folder, 'link'));
    await transporter('optimized').download('file', { kind: 'file', path: join(folder, 'link') });
    expect(await readFile(join(folder, 'real'), 'utf8')).toBe('new');
    expect((await lstat(join(folder, 'link'))).isSymbolicLink()).toBe(true);
    const device = await failureOf(
      transporter('optimized').download('file', { kind: 'file', path: '/dev/null' }),
    );
    expect(device.kind).toBe('invalid-argument');
    const nowhere = { kind: 'file', path: join(folder, 'no', 'such') } as const;
    expect((await failureOf(transporter('optimized').download('file', nowhere))).kind).toBe('no-entry');
  });
});
