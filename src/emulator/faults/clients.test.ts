import { buffer } from 'node:stream/consumers';
import { Failure } from '../../errors/failure.js';
import { withRetry } from '../../s3/retry.js';
import type { ObjectStore } from '../../s3/store.js';
import { type Emulator } from '../emulator.js';
import type { Fault, FaultRule } from './rules.js';
import { startEmulatedStore, type EmulatedStore } from '../../s3/testing/emulated-store.js';

const CONTENT = Buffer.from('0123456789'.repeat(30_000));
const PART = Buffer.alloc(5 * 2 ** 20, 'p');

async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (reason) {
    return Failure.from(reason).kind;
  }
}

/** What both clients do about each fault, over HTTP. */
describe.each(['sdk', 'lean'] as const)('the %s client', (client) => {
  let server: EmulatedStore;
  let emulator: Emulator;
  let store: ObjectStore;
  let retrying: ObjectStore;

  beforeAll(async () => {
    server = await startEmulatedStore(['faulty'], { client, idleTimeoutMs: 400 });
    ({ emulator, store } = server);
    retrying = withRetry(store, { policy: { baseDelayMs: 1, maxDelayMs: 5 } });
    await store.put('there', CONTENT);
  });

  afterEach(() => {
    emulator.setFaults(undefined);
  });

  afterAll(async () => {
    await server.close();
  });

  function always(fault: Fault, rest: Partial<FaultRule> = {}): void {
    emulator.setFaults({ rules: [{ ...rest, fault }] });
  }

  const once = (fault: Fault, operation: string): void => {
    always(fault, { operation, nth: 1 });
  };

  async function read(from = store): Promise<Buffer> {
    const { body } = await from.get('there');
    return buffer(body);
  }

  test.each<[string, Fault]>([
    ['server-error', { kind: 'status', status: 500 }],
    ['throttled', { kind: 'status', status: 503 }],
    ['denied', { kind: 'status', status: 403 }],
    ['no-credentials', { kind: 'expired-token' }],
    ['clock-skew', { kind: 'skewed-clock' }],
    ['reset', { kind: 'reset', at: 'before' }],
    ['reset', { kind: 'lost-reply' }],
  ])('says %s for each operation where the rule is %j', async (kind, fault) => {
    always(fault);
    expect(await outcome(store.put('a', CONTENT))).toBe(kind);
    expect(await outcome(read())).toBe(kind);
    expect(await outcome(store.list())).toBe(kind);
    expect(await outcome(store.createUpload('a'))).toBe(kind);
    expect(await outcome(store.delete('a'))).toBe(kind);
    // A reply to HEAD has no document: only its status tells.
    const ofHead = { 'expired-token': 'invalid-request', 'skewed-clock': 'denied' };
    const expected = Object.entries(ofHead).find(([name]) => name === fault.kind)?.[1] ?? kind;
    expect(await outcome(store.head('there'))).toBe(expected);
  });

  test('hears the Retry-After of a 503', async () => {
    always({ kind: 'status', status: 503, retryAfterSeconds: 7 });
    const failure = await store.head('there').catch((reason: unknown) => Failure.from(reason));
    expect(failure).toMatchObject({ kind: 'throttled', retryAfterMs: 7000 });
  });

  test('asks no sooner than Retry-After says, however short its own longest wait is', async () => {
    always({ kind: 'status', status: 503, retryAfterSeconds: 1 }, { operation: 'HeadObject', nth: 1 });
    const startMs = performance.now();
    await retrying.head('there');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(995);
  });

  test('says at once that Retry-After is longer than the time that is left', async () => {
    always({ kind: 'status', status: 503, retryAfterSeconds: 8 });
    const hurried = withRetry(store, { policy: { baseDelayMs: 1, maxTotalMs: 5_000 } });
    const startMs = performance.now();
    const failure = await hurried.head('there').catch((reason: unknown) => Failure.from(reason));
    expect(performance.now() - startMs).toBeLessThan(4_000);
    expect(failure).toMatchObject({
      kind: 'throttled',
      retryAfterMs: 8_000,
      status: 503,
      message: expect.stringMatching(/asks to wait 8 s \(Retry-After\), 5 s are left/) as unknown,
    });
    expect(emulator.faultCounts()).toMatchObject([{ fired: 1 }]);
  });

  test.each<[string, Fault]>([
    ['reset', { kind: 'reset', at: 'inside-reply' }],
    ['reset', { kind: 'short-body' }],
    ['timeout', { kind: 'stalled-body' }],
  ])('a body that breaks off is %s and never bytes, for %j', async (kind, fault) => {
    always(fault, { operation: 'GetObject' });
    expect(await outcome(read())).toBe(kind);
  });

  test('a body that stalls for less than the limit is whole', async () => {
    always({ kind: 'stalled-body', forMs: 50, fraction: 0.3 }, { operation: 'GetObject' });
    expect((await read()).equals(CONTENT)).toBe(true);
  });

  test('a slow server is waited for', async () => {
    always({ kind: 'slow', delayMs: 50 });
    expect((await read()).equals(CONTENT)).toBe(true);
  });

  test('a connection that is reset after its reply costs no more than a retry', async () => {
    always({ kind: 'reset', at: 'after-reply' }, { nth: 1 });
    expect((await read()).equals(CONTENT)).toBe(true);
    expect((await read(retrying)).equals(CONTENT)).toBe(true);
    expect(emulator.faultCounts()).toMatchObject([{ name: 'reset', fired: 1 }]);
  });

  test.each<[Fault, string]>([
    [{ kind: 'reset', at: 'inside-request' }, 'PutObject'],
    [{ kind: 'lost-reply' }, 'PutObject'],
    [{ kind: 'corrupt-byte', of: 'request' }, 'PutObject'],
    [{ kind: 'status', status: 500 }, 'PutObject'],
    [{ kind: 'error-document' }, 'PutObject'],
    [{ kind: 'truncated-xml' }, 'ListObjectsV2'],
    [{ kind: 'short-body' }, 'ListObjectsV2'],
    [{ kind: 'error-document' }, 'ListObjectsV2'],
    [{ kind: 'error-document' }, 'CopyObject'],
    [{ kind: 'truncated-xml' }, 'CopyObject'],
    [{ kind: 'lost-reply' }, 'CopyObject'],
    [{ kind: 'lost-reply' }, 'DeleteObject'],
  ])('recovers by a retry from %j of %s', async (fault, operation) => {
    once(fault, operation);
    const body = Buffer.concat([CONTENT, Buffer.from(JSON.stringify(fault))]);
    await retrying.put('again', body);
    await retrying.copy('again', 'copied');
    const { body: back } = await retrying.get('copied');
    expect((await buffer(back)).equals(body)).toBe(true);
    expect((await retrying.list({ prefix: 'copied' })).objects).toHaveLength(1);
    await retrying.delete('copied');
    expect(emulator.faultCounts()).toMatchObject([{ fired: 1 }]);
  });

  test.each<[Fault, string]>([
    [{ kind: 'error-document' }, 'ListObjectsV2'],
    [{ kind: 'truncated-xml' }, 'ListObjectsV2'],
    [{ kind: 'truncated-xml', fraction: 0.9 }, 'ListObjectsV2'],
    [{ kind: 'truncated-xml', fraction: 0 }, 'ListObjectsV2'],
  ])('%j of %s is an error and no empty list', async (fault, operation) => {
    always(fault, { operation });
    expect(await outcome(store.list())).toBe('server-error');
  });

  test.each<[Fault, string]>([
    [{ kind: 'error-document' }, 'CreateMultipartUpload'],
    [{ kind: 'truncated-xml' }, 'CreateMultipartUpload'],
    [{ kind: 'error-document' }, 'UploadPart'],
    [{ kind: 'corrupt-byte', of: 'request' }, 'UploadPart'],
    [{ kind: 'lost-reply' }, 'UploadPart'],
    [{ kind: 'error-document' }, 'CompleteMultipartUpload'],
    [{ kind: 'truncated-xml' }, 'CompleteMultipartUpload'],
    [{ kind: 'lost-reply' }, 'CompleteMultipartUpload'],
  ])('a multipart upload survives %j of %s', async (fault, operation) => {
    once(fault, operation);
    const uploadId = await retrying.createUpload('parts');
    const part = await retrying.uploadPart('parts', uploadId, 1, PART);
    await retrying.completeUpload('parts', uploadId, [part]);
    expect((await store.head('parts')).sizeBytes).toBe(PART.length);
    expect(emulator.faultCounts()).toMatchObject([{ fired: 1 }]);
  });

  test('a wrong ETag of a part is noticed when the upload is completed', async () => {
    once({ kind: 'wrong-etag' }, 'UploadPart');
    const uploadId = await retrying.createUpload('wrong');
    const part = await retrying.uploadPart('wrong', uploadId, 1, PART);
    expect(await outcome(retrying.completeUpload('wrong', uploadId, [part]))).toBe('invalid-request');
    expect(await outcome(store.head('wrong'))).toBe('missing');
    await store.abortUpload('wrong', uploadId);
  });

  test('an error document in the place of an object is never its bytes', async () => {
    always({ kind: 'error-document' }, { operation: 'GetObject' });
    expect(await outcome(read())).toBe('server-error');
  });
});
