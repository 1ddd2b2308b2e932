import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../config/schema.js';
import { Failure } from '../../errors/failure.js';
import { withRetry } from '../../s3/retry.js';
import type { ObjectStore } from '../../s3/store.js';
import { createTransporter } from '../../transfer/create.js';
import type { Transporter } from '../../transfer/transporter.js';
import { type Emulator } from '../emulator.js';
import type { Fault } from './rules.js';
import { startEmulatedStore, type EmulatedStore } from '../../s3/testing/emulated-store.js';

const MIB = 2 ** 20;

/** Faults that leave bytes, not only errors: each once, and then always. */
const FAULTS: readonly Fault[] = [
  { kind: 'corrupt-byte' },
  { kind: 'corrupt-byte', of: 'request' },
  { kind: 'short-body' },
  { kind: 'reset', at: 'inside-reply' },
  { kind: 'reset', at: 'inside-request' },
  { kind: 'error-document' },
  { kind: 'lost-reply' },
  { kind: 'wrong-etag' },
  { kind: 'truncated-xml' },
];

/** OBJECTFS_FAULTS=all: uploads also where each request fails, which takes every retry and the way back to a plain request. */
const UPLOADS = process.env['OBJECTFS_FAULTS'] === 'all' ? [{ nth: 2 }, {}] : [{ nth: 2 }];

describe.each(['sdk', 'lean'] as const)('a transfer over the %s client', (client) => {
  const bytes = randomBytes(6 * MIB);
  let server: EmulatedStore;
  let emulator: Emulator;
  let store: ObjectStore;
  /** Tries again where a fault has left a dead connection in the pool. */
  let sure: ObjectStore;
  let transporter: Transporter;
  let folder: string;

  beforeAll(async () => {
    server = await startEmulatedStore(['broken'], { client, idleTimeoutMs: 1000 });
    ({ emulator, store } = server);
    sure = withRetry(store);
    const { transfer } = configSchema.parse({});
    transporter = createTransporter(
      'optimized',
      store,
      { ...transfer, chunkSize: 5 * MIB },
      { retry: { baseDelayMs: 1, maxDelayMs: 3, maxAttempts: 3 } },
    );
    folder = await mkdtemp(join(tmpdir(), 'objectfs-broken-'));
    await transporter.upload('whole', { kind: 'bytes', bytes });
  });

  afterEach(() => {
    emulator.setFaults(undefined);
  });

  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function outcome(work: Promise<unknown>): Promise<'done' | 'failed'> {
    return work.then(
      () => 'done' as const,
      (reason: unknown) => {
        expect(reason).toBeInstanceOf(Failure);
        return 'failed' as const;
      },
    );
  }

  test.each(FAULTS)('leaves a whole file or none, once and always %j', async (fault) => {
    for (const when of [{ nth: 2 }, {}]) {
      const path = join(folder, 'file');
      const { checksum } = await sure.head('whole', { checksum: true });
      const options = checksum === undefined ? {} : { checksum };
      emulator.setFaults({ rules: [{ operation: 'GetObject', ...when, fault }] });
      const said = await outcome(transporter.download('whole', { kind: 'file', path }, options));
      expect(emulator.faultCounts()[0]?.fired).toBeGreaterThan(0);
      emulator.setFaults(undefined);
      const found = (await readdir(folder)).includes('file') ? await readFile(path) : undefined;
      if (said === 'done') expect(found?.equals(bytes)).toBe(true);
      else expect(found).toBeUndefined();
      // A range of another ETag is one of another object: refused, and rightly so.
      if ('nth' in when && fault.kind !== 'wrong-etag') expect(said).toBe('done');
      await rm(path, { force: true });
    }
  });

  test.each(FAULTS)('leaves a whole object or none, and no upload, where there is %j', async (fault) => {
    for (const when of UPLOADS) {
      // Not of CreateMultipartUpload: who never learns an upload id can not abort the upload.
      const operation = ['UploadPart', 'CompleteMultipartUpload', 'PutObject'];
      emulator.setFaults({ rules: [{ operation, ...when, fault }] });
      const said = await outcome(transporter.upload('sent', { kind: 'bytes', bytes }));
      expect(emulator.faultCounts()[0]?.fired).toBeGreaterThan(0);
      emulator.setFaults(undefined);
      const head = await sure.head('sent').catch(() => undefined);
      if (head !== undefined) {
        const hash = createHash('md5');
        for await (const piece of (await sure.get('sent')).body) hash.update(piece as Buffer);
        expect(hash.digest('hex')).toBe(createHash('md5').update(bytes).digest('hex'));
      }
      if (said === 'done') expect(head).toBeDefined();
      if (when.nth === 2 && fault.kind !== 'wrong-etag') expect(said).toBe('done');
      await sure.delete('sent');
      const left = await sure.listUploads('sent');
      for (const { uploadId } of left) await store.abortUpload('sent', uploadId);
      expect(left).toEqual([]);
    }
  });
});
