import { randomBytes } from 'node:crypto';
import { open, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { configSchema } from '../config/schema.js';
import { createStore } from '../s3/client.js';
import { crc32Base64 } from '../s3/payload.js';
import type { ObjectStore } from '../s3/store.js';
import { createTransporter } from './create.js';
import { streamedParts } from './part-content.js';
import { cutParts } from './plan.js';
import { SliceStream, type PartFile } from './slice-stream.js';
import { startProxiedStore, type ProxiedStore } from './testing/proxied-store.js';

const MIB = 2 ** 20;

let place: ProxiedStore;
let path: string;
let handle: FileHandle;
let file: PartFile;
let bytes: Buffer;

beforeAll(async () => {
  place = await startProxiedStore('streamed', 'lean');
  bytes = randomBytes(22 * MIB + 12_345);
});

afterAll(async () => {
  await place.close();
});

beforeEach(async () => {
  path = join(place.folder, 'source');
  await writeFile(path, bytes);
  handle = await open(path, 'r');
  file = { handle, path, free: [] };
});

afterEach(async () => {
  await handle.close();
});

/** All bytes of a stream; its buffers do not outlive the next reading. */
async function copied(stream: SliceStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer)); // SliceStream gives buffers
  return Buffer.concat(chunks);
}

function uploads(store: ObjectStore) {
  const settings = configSchema.parse({ transfer: { chunkSize: '5MiB', connections: 3 } });
  return createTransporter('optimized', store, settings.transfer, {
    retry: { baseDelayMs: 1, maxDelayMs: 2 },
  });
}

describe('a span of a file as a stream', () => {
  test.each([
    [0, 1],
    [0, 256 * 1024],
    [1, 256 * 1024 + 1],
    [5 * MIB - 7, 3 * MIB],
  ])('from %i on, %i long, has these bytes', async (firstByte, sizeBytes) => {
    const stream = new SliceStream(file, { firstByte, sizeBytes });
    expect((await copied(stream)).equals(bytes.subarray(firstByte, firstByte + sizeBytes))).toBe(true);
  });

  test('has few buffers, and the streams after it use them again', async () => {
    const first = new SliceStream(file, { firstByte: 0, sizeBytes: 8 * MIB });
    await copied(first);
    expect(file.free).toEqual([]);
    first.release();
    first.release();
    const known = [...file.free];
    expect(known).toHaveLength(3);
    const second = new SliceStream(file, { firstByte: MIB, sizeBytes: 8 * MIB });
    expect((await copied(second)).equals(bytes.subarray(MIB, 9 * MIB))).toBe(true);
    second.release();
    expect(new Set(file.free)).toEqual(new Set(known));
  });

  test('fails where the file has become too short', async () => {
    await truncate(path, MIB);
    const stream = new SliceStream(file, { firstByte: 0, sizeBytes: 2 * MIB });
    await expect(buffer(stream)).rejects.toMatchObject({ kind: 'changed-under-us', subject: path });
  });
});

describe('parts that are read while they are sent', () => {
  test('have the sum of their bytes, each as often as it is asked for', async () => {
    const parts = cutParts(bytes.byteLength, 5 * MIB);
    const read = streamedParts(file, parts, 2);
    for (const part of [...parts, ...parts.slice(0, 1)]) {
      const expected = bytes.subarray(part.firstByte, part.lastByte + 1);
      const content = await read(part);
      expect(content.crc32).toBe(crc32Base64(expected));
      for (const body of [content.body(), content.body()])
        expect((await copied(body as SliceStream)).equals(expected)).toBe(true);
    }
  });

  test('are uploaded whole, with their sums in the requests, through failures of some', async () => {
    const store = createStore({ ...place.connection, client: 'lean' }, 'streamed');
    expect(store.takesStreams?.()).toBe(true);
    let failures = 2;
    place.proxy.reset();
    place.proxy.decide(({ path: asked }) =>
      asked.includes('partNumber=') && failures-- > 0 ? 'lost-reply' : undefined,
    );
    const summary = await uploads(store).upload('file', { kind: 'file', path });
    expect(summary).toMatchObject({ parts: 5, sizeBytes: bytes.byteLength });
    expect(summary.retries).toBeGreaterThan(0);
    expect((await place.stored('file')).equals(bytes)).toBe(true);
    store.close();
  });

  test('of a file that is written to meanwhile are told as changed, and nothing is left', async () => {
    const store = createStore({ ...place.connection, client: 'lean' }, 'streamed');
    const racing: ObjectStore = {
      ...store,
      async uploadPart(...args) {
        if (args[2] === 2) await writeFile(path, Buffer.alloc(bytes.byteLength, 7), { flag: 'r+' });
        return store.uploadPart(...args);
      },
    };
    await expect(uploads(racing).upload('changed', { kind: 'file', path })).rejects.toMatchObject({
      kind: 'changed-under-us',
      subject: path,
    });
    expect(await place.direct.listUploads()).toEqual([]);
    await expect(place.direct.head('changed')).rejects.toMatchObject({ kind: 'missing' });
    store.close();
  });
});
