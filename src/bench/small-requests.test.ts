import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../errors/failure.js';
import { createStore } from '../s3/client.js';
import { startEmulatedStore } from '../s3/testing/emulated-store.js';
import { besideSmallRequests } from './small-requests.js';

let server: Awaited<ReturnType<typeof startEmulatedStore>>;
let store: ReturnType<typeof createStore>;

beforeAll(async () => {
  server = await startEmulatedStore(['beside']);
  store = createStore(server.connection, 'beside');
  await store.put('small', Buffer.from('1'));
});

afterAll(async () => {
  store.close();
  await server.close();
});

/** Until the server was asked so often for objects. */
async function asked(times: number): Promise<void> {
  const count = () =>
    server.emulator.requestCounts().find(({ operation }) => operation === 'GetObject')?.count ?? 0;
  const end = count() + times;
  while (count() < end) await delay(1);
}

test('small requests follow one another until the work ends, each with its time', async () => {
  const { result, latenciesMs } = await besideSmallRequests(store, 'small', async () => {
    await asked(5);
    return 'done';
  });
  expect(result).toBe('done');
  // The first of those five may be under way when the work begins, and the last one when it ends.
  expect(latenciesMs.length).toBeGreaterThanOrEqual(4);
  expect(latenciesMs.every((latencyMs) => latencyMs > 0)).toBe(true);
});

test('a request that is under way at the end of the work is counted, too', async () => {
  const slow = { get: async (key: string) => delay(30).then(() => store.get(key)) };
  const { latenciesMs } = await besideSmallRequests(slow, 'small', () => Promise.resolve());
  expect(latenciesMs).toHaveLength(1);
  expect(latenciesMs[0]).toBeGreaterThan(25);
});

test('what the work throws comes out, and what the store refuses', async () => {
  const broken = new Failure('internal', 'broken');
  await expect(besideSmallRequests(store, 'small', () => Promise.reject(broken))).rejects.toBe(broken);
  await expect(besideSmallRequests(store, 'none', () => asked(1))).rejects.toMatchObject({
    kind: 'missing',
  });
});
