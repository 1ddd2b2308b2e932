import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { createStore } from '../client.js';
import { startEmulatedStore, type EmulatedStore } from '../testing/emulated-store.js';
import { ConnectionMeter } from './meter.js';

describe.each(['sdk', 'lean'] as const)('connections of the %s client', (client) => {
  let emulated: EmulatedStore;

  beforeAll(async () => {
    emulated = await startEmulatedStore(['bucket']);
  });

  afterAll(async () => {
    await emulated.close();
  });

  test('are counted with the requests that found them open and the bytes that they carried', async () => {
    const meter = new ConnectionMeter();
    const store = createStore({ ...emulated.connection, client }, 'bucket', { meter });
    const bytes = randomBytes(100_000);
    await store.put('key', bytes);
    const { body } = await store.get('key');
    expect(Buffer.concat((await body.toArray()) as Buffer[]).equals(bytes)).toBe(true); // a body is bytes
    await store.head('key');
    const { opened, reused, open } = meter.counts();
    expect([opened, reused, open.length]).toEqual([1, 2, 1]);
    expect(open[0]).toMatchObject({ address: '127.0.0.1', requests: 3 });
    expect(open[0]?.bytesSent).toBeGreaterThan(bytes.length);
    expect(open[0]?.bytesReceived).toBeGreaterThan(bytes.length);
    expect(open[0]?.bytesPerSecond).toBeGreaterThan(0);
    // Nothing goes on: the time of a connection that rests stands still.
    const [rested] = meter.counts().open;
    expect(meter.counts().open[0]?.busyMs).toBe(rested?.busyMs);
    await Promise.all(['a', 'b', 'c'].map((key) => store.put(key, bytes)));
    expect(meter.counts()).toMatchObject({ opened: 3, reused: 3 });
    store.close();
  });
});

test('the rate of a connection is over the time in which it carried requests', () => {
  let nowMs = 0;
  const meter = new ConnectionMeter(() => nowMs);
  const socket = new Socket();
  Object.defineProperty(socket, 'bytesRead', { value: 3_000 });
  Object.defineProperty(socket, 'bytesWritten', { value: 1_000 });
  meter.began(socket);
  nowMs += 1_000;
  meter.ended(socket);
  nowMs += 60_000;
  expect(meter.counts().open).toMatchObject([{ busyMs: 1_000, bytesPerSecond: 4_000 }]);
  meter.began(socket);
  nowMs += 1_000;
  expect(meter.counts().open).toMatchObject([{ requests: 2, busyMs: 2_000, bytesPerSecond: 2_000 }]);
  socket.emit('close');
  expect(meter.counts()).toEqual({ opened: 1, reused: 1, open: [] });
});
