import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../config/schema.js';
import { type Emulator } from '../../emulator/emulator.js';
import { silentLog } from '../../log/log.js';
import { faultyStore } from '../../s3/faulty.js';
import type { CopyContext } from './copy-context.js';
import { copyOnServer } from './server-copy.js';
import { startEmulatedStore, type EmulatedStore } from '../../s3/testing/emulated-store.js';

/** The way of objects over 5 GiB, with sizes that a test can afford. */
describe('a copy on the server in parts', () => {
  const MIB = 2 ** 20;
  const bytes = randomBytes(16 * MIB);
  const sizes = { oneCopyBytes: 5 * MIB, partBytes: 5 * MIB };
  const source = { bucket: 'from', key: 'object' };
  let server: EmulatedStore;
  let emulator: Emulator;
  let storeOf: EmulatedStore['storeOf'];
  let folder: string;

  beforeAll(async () => {
    server = await startEmulatedStore(['from', 'target'], { client: 'lean' });
    ({ emulator, storeOf } = server);
    folder = await mkdtemp(join(tmpdir(), 'objectfs-copy-'));
    const headers = { contentType: 'video/x-test' };
    await storeOf('from').put('object', bytes, { metadata: { colour: 'red' }, headers, tags: { team: 'a' } });
  });

  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  function context(storeFor = storeOf): CopyContext {
    return {
      storeFor,
      endpoint: emulator.endpoint,
      settings: { ...configSchema.parse({}).transfer, connections: 1 },
      journals: join(folder, 'journals'),
      resume: true,
      log: silentLog,
      signal: new AbortController().signal,
    };
  }

  const requests = (operation: string): number =>
    emulator.requestCounts().find((entry) => entry.operation === operation)?.count ?? 0;

  test('has the bytes, metadata, headers and tags of its source, and no byte passes here', async () => {
    const summary = await copyOnServer(
      context(),
      source,
      { bucket: 'target', key: 'copy' },
      () => undefined,
      sizes,
    );
    expect(summary).toMatchObject({ parts: 4, verification: { verified: true } });
    expect([requests('UploadPartCopy'), requests('GetObject')]).toEqual([4, 0]);
    const { head, body } = await storeOf('target').get('copy');
    expect(Buffer.concat(await body.toArray()).equals(bytes)).toBe(true);
    expect(head).toMatchObject({ metadata: { colour: 'red' }, headers: { contentType: 'video/x-test' } });
    expect(await storeOf('target').tags('copy')).toEqual({ team: 'a' });
  });

  test('goes on with the parts that are not there', async () => {
    const target = { bucket: 'target', key: 'again' };
    // Creation, two parts, and then the third is refused for good.
    const faulty = faultyStore(storeOf('target'), { nth: 4, mode: 'from-then-on', kind: 'denied' });
    const broken = context((bucket) => (bucket === 'target' ? faulty.store : storeOf(bucket)));
    await expect(copyOnServer(broken, source, target, () => undefined, sizes)).rejects.toMatchObject({
      kind: 'denied',
      remedy: expect.stringMatching(/same command goes on/) as string,
    });
    const before = requests('UploadPartCopy');
    const summary = await copyOnServer(context(), source, target, () => undefined, sizes);
    expect([summary.resumedBytes, requests('UploadPartCopy') - before]).toEqual([10 * MIB, 2]);
    expect((await storeOf('target').head('again')).sizeBytes).toBe(bytes.length);
    expect([await readdir(join(folder, 'journals')), await storeOf('target').listUploads()]).toEqual([
      [],
      [],
    ]);
  });
});
