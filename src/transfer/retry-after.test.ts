import { randomBytes } from 'node:crypto';
import { configSchema } from '../config/schema.js';
import { Failure } from '../errors/failure.js';
import { startEmulatedStore, type EmulatedStore } from '../s3/testing/emulated-store.js';
import { createTransporter } from './create.js';

describe('a transfer that is refused with a Retry-After', () => {
  const MIB = 2 ** 20;
  const bytes = randomBytes(11 * MIB);
  let server: EmulatedStore;

  beforeAll(async () => {
    server = await startEmulatedStore(['refused'], { client: 'lean' });
  });

  afterEach(() => {
    server.emulator.setFaults(undefined);
  });

  afterAll(() => server.close());

  function refuse(retryAfterSeconds: number, when: { nth?: number } = {}): void {
    const fault = { kind: 'status', status: 503, retryAfterSeconds } as const;
    server.emulator.setFaults({ rules: [{ operation: 'UploadPart', ...when, fault }] });
  }

  function upload() {
    const { transfer } = configSchema.parse({ transfer: { chunkSize: '5MiB' } });
    return createTransporter('optimized', server.store, transfer).upload('key', { kind: 'bytes', bytes });
  }

  test('sends the part again no sooner than that, though its longest wait of its own is 2 s', async () => {
    refuse(3, { nth: 1 });
    const { elapsedMs, retries, fallback } = await upload();
    expect(elapsedMs).toBeGreaterThanOrEqual(2_995);
    expect([retries, fallback]).toEqual([1, undefined]);
  });

  test('ends at once where that is longer than its tries may take, and asks no other way', async () => {
    refuse(40);
    const startMs = performance.now();
    const failure = await upload().catch((reason: unknown) => Failure.from(reason));
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(failure).toMatchObject({ kind: 'throttled', retryAfterMs: 40_000 });
    expect(failure).toHaveProperty('message', expect.stringMatching(/asks to wait 40 s \(Retry-After\)/));
    const served = server.emulator.requestCounts().map(({ operation }) => operation);
    expect(served).toContain('AbortMultipartUpload');
    expect(served).not.toContain('PutObject');
  });
});
