import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { configSchema } from '../config/schema.js';
import { type Emulator } from '../emulator/emulator.js';
import { silentLog } from '../log/log.js';
import type { ObjectStore } from '../s3/store.js';
import type { CopyContext } from './copy/copy-context.js';
import { copyOnServer } from './copy/server-copy.js';
import { uploadFile } from './copy/upload-file.js';
import { createTransporter } from './create.js';
import { startEmulatedStore, type EmulatedStore } from '../s3/testing/emulated-store.js';

describe('the class that a rule chooses is the one that HEAD tells', () => {
  const MIB = 2 ** 20;
  const settings = configSchema.parse({
    transfer: {
      chunkSize: '5MiB',
      storageClassRules: [
        { minAgeDays: 30, storageClass: 'ONEZONE_IA' },
        { prefix: 'rule/', minSizeBytes: '6MiB', storageClass: 'GLACIER_IR' },
        { prefix: 'rule/', storageClass: 'STANDARD_IA' },
      ],
    },
  }).transfer;
  let server: EmulatedStore;
  let emulator: Emulator;
  let store: ObjectStore;
  let folder: string;

  beforeAll(async () => {
    server = await startEmulatedStore(['classes'], { client: 'lean' });
    ({ emulator, store } = server);
    folder = await mkdtemp(join(tmpdir(), 'objectfs-classes-'));
  });

  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function classOf(key: string): Promise<string> {
    return (await store.head(key)).storageClass;
  }

  function context(): CopyContext {
    return {
      storeFor: () => store,
      endpoint: emulator.endpoint,
      settings,
      journals: join(folder, 'journals'),
      resume: true,
      log: silentLog,
      signal: new AbortController().signal,
    };
  }

  test.each(['plain', 'optimized'] as const)('%s: one request, and parts where it has them', async (name) => {
    const transporter = createTransporter(name, store, settings);
    const upload = async (key: string, sizeBytes: number) => {
      await transporter.upload(key, { kind: 'bytes', bytes: Buffer.alloc(sizeBytes) });
      return classOf(key);
    };
    expect(await upload('rule/small', 10)).toBe('STANDARD_IA');
    expect(await upload('rule/large', 6 * MIB)).toBe('GLACIER_IR');
    expect(await upload('other', 6 * MIB)).toBe('STANDARD');
  });

  test('a stream of unknown length has no size that a rule could fit', async () => {
    const stream = Readable.from([Buffer.alloc(6 * MIB)]);
    await createTransporter('optimized', store, settings).upload('rule/stream', { kind: 'stream', stream });
    expect(await classOf('rule/stream')).toBe('STANDARD_IA');
  });

  test('what one transfer asks for is stronger than any rule', async () => {
    const source = { kind: 'bytes', bytes: Buffer.alloc(1) } as const;
    const options = { storageClass: 'INTELLIGENT_TIERING' } as const;
    await createTransporter('optimized', store, settings).upload('rule/own', source, options);
    expect(await classOf('rule/own')).toBe('INTELLIGENT_TIERING');
  });

  test('cp of a file knows its size and age', async () => {
    const path = join(folder, 'file');
    await writeFile(path, Buffer.alloc(6 * MIB));
    await uploadFile(context(), path, { bucket: 'classes', key: 'rule/file' }, () => undefined);
    expect(await classOf('rule/file')).toBe('GLACIER_IR');
    const longAgo = Date.now() / 1000 - 31 * 86_400;
    await utimes(path, longAgo, longAgo);
    await uploadFile(context(), path, { bucket: 'classes', key: 'rule/old' }, () => undefined);
    expect(await classOf('rule/old')).toBe('ONEZONE_IA');
  });

  test('cp on the server goes by the key and the size of the copy', async () => {
    const from = { bucket: 'classes', key: 'source' };
    await store.put('source', Buffer.alloc(6 * MIB));
    await copyOnServer(context(), from, { bucket: 'classes', key: 'rule/copy' }, () => undefined);
    expect(await classOf('rule/copy')).toBe('GLACIER_IR');
    const sizes = { oneCopyBytes: 5 * MIB, partBytes: 5 * MIB };
    await copyOnServer(context(), from, { bucket: 'classes', key: 'rule/parts' }, () => undefined, sizes);
    expect(await classOf('rule/parts')).toBe('GLACIER_IR');
  });
});
