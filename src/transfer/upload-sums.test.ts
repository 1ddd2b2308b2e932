import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { configSchema } from '../config/schema.js';
import type { EmulatedStore } from '../s3/testing/emulated-store.js';
import type { TransferSummary } from './transporter.js';

const MIB = 2 ** 20;
/** Bytes that a CRC32 was made of, by the memory that they lie in: the server's are elsewhere. */
const summedBytes = new Map<ArrayBufferLike, number>();

jest.unstable_mockModule('node:zlib', () => ({
  ...zlib,
  crc32(data: Uint8Array, previous?: number): number {
    summedBytes.set(data.buffer, (summedBytes.get(data.buffer) ?? 0) + data.byteLength);
    return zlib.crc32(data, previous);
  },
}));
// What is loaded before the line above has the uncounted function.
const { base64OfCrc32 } = await import('../s3/payload.js');
const { startEmulatedStore } = await import('../s3/testing/emulated-store.js');
const { createTransporter } = await import('./create.js');

describe.each(['sdk', 'lean'] as const)('over the %s client', (client) => {
  let server: EmulatedStore;

  beforeAll(async () => {
    server = await startEmulatedStore(['sums'], { client });
  });

  afterAll(() => server.close());

  beforeEach(() => {
    summedBytes.clear();
  });

  afterEach(() => {
    server.emulator.setFaults(undefined);
  });

  function upload(bytes: Buffer): Promise<TransferSummary> {
    const settings = { ...configSchema.parse({}).transfer, chunkSize: 5 * MIB, connections: 3 };
    const retry = { baseDelayMs: 1, maxDelayMs: 5 };
    const transporter = createTransporter('optimized', server.store, settings, { retry });
    return transporter.upload('key', { kind: 'bytes', bytes });
  }

  async function expectStored(bytes: Buffer): Promise<void> {
    const value = base64OfCrc32(zlib.crc32(bytes));
    const { checksum } = await server.store.head('key', { checksum: true });
    expect(checksum).toEqual({ algorithm: 'CRC32', type: 'FULL_OBJECT', value });
  }

  test.each([
    ['of three parts', 11, 3],
    ['in one piece', 3, 1],
  ])('each byte of an upload %s is summed up once, and the server verifies it', async (_what, mib, parts) => {
    const bytes = randomBytes(mib * MIB);
    const summary = await upload(bytes);
    expect(summary).toMatchObject({ parts, retries: 0, verification: { verified: true } });
    expect(summedBytes.get(bytes.buffer)).toBe(bytes.length);
    await expectStored(bytes);
  });

  test('a part that the server refuses, because a byte of it changed, is sent again with the same sum', async () => {
    const bytes = randomBytes(11 * MIB);
    server.emulator.setFaults({
      rules: [{ operation: 'UploadPart', nth: 2, fault: { kind: 'corrupt-byte', of: 'request' } }],
    });
    const summary = await upload(bytes);
    expect(server.emulator.faultCounts()).toMatchObject([{ fired: 1 }]);
    expect(summary).toMatchObject({ parts: 3, retries: 1, verification: { verified: true } });
    expect(summedBytes.get(bytes.buffer)).toBe(bytes.length);
    await expectStored(bytes);
  });
});
