import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { configSchema } from '../../config/schema.js';
import { createTransporter } from '../../transfer/create.js';
import { createStore } from '../client.js';
import { startEmulatedStore } from '../testing/emulated-store.js';
import { CONNECTION_TAKEN, type ConnectionTaken } from './http/pool.js';

/** Each client socket of this process; Node tells of them on this channel. */
const NEW_SOCKET = 'net.client.socket';

let server: Awaited<ReturnType<typeof startEmulatedStore>>;
let sockets: Socket[] = [];
let taken: boolean[] = [];
const onSocket = (message: unknown): void => {
  sockets.push((message as { readonly socket: Socket }).socket); // Node.js documentation, diagnostics_channel
};
const onTaken = (message: unknown): void => {
  taken.push((message as ConnectionTaken).isNew); // the type that the channel has
};

beforeAll(async () => {
  server = await startEmulatedStore(['warm'], { client: 'lean' });
  subscribe(NEW_SOCKET, onSocket);
  subscribe(CONNECTION_TAKEN.name, onTaken);
});

afterAll(async () => {
  unsubscribe(NEW_SOCKET, onSocket);
  unsubscribe(CONNECTION_TAKEN.name, onTaken);
  await server.close();
});

beforeEach(() => {
  sockets = [];
  taken = [];
});

function storeWith(maxSockets = 256) {
  return createStore({ ...server.connection, client: 'lean' }, 'warm', { maxSockets });
}

test('connections that were opened ahead are taken by the requests that follow, each counted once as new', async () => {
  const store = storeWith();
  await store.put('key', Buffer.from('1'));
  expect(sockets).toHaveLength(1);
  store.warm?.(3);
  expect(sockets).toHaveLength(3);
  store.warm?.(3);
  expect(sockets).toHaveLength(3);
  await Promise.all([store.head('key'), store.head('key'), store.head('key')]);
  await store.head('key');
  expect(sockets).toHaveLength(3);
  expect(taken.filter(Boolean)).toHaveLength(3);
  expect(taken).toHaveLength(5);
  store.close();
});

test('no more are opened than the client may have', () => {
  const store = storeWith(2);
  store.warm?.(8);
  expect(sockets).toHaveLength(2);
  store.close();
});

test('those that nobody took end with the store, and none is opened after that', async () => {
  const store = storeWith();
  store.warm?.(2);
  const ended = Promise.all(sockets.map((socket) => once(socket, 'close')));
  store.close();
  await ended;
  store.warm?.(2);
  expect(sockets).toHaveLength(2);
});

test('a server that refuses them fails the request that follows, and nothing else', async () => {
  const taker = createServer().listen(0, '127.0.0.1');
  await once(taker, 'listening');
  const { port } = taker.address() as { readonly port: number }; // it listens on TCP
  taker.close();
  await once(taker, 'close');
  const endpoint = `http://127.0.0.1:${port}`;
  const store = createStore({ ...server.connection, endpoint, client: 'lean' }, 'warm');
  store.warm?.(2);
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  await expect(store.head('key')).rejects.toMatchObject({ kind: 'unreachable' });
  store.close();
});

test('an upload in parts has its connections before the store has made it', async () => {
  const store = storeWith();
  let opened = 0;
  const watched = {
    ...store,
    createUpload: async (...args: Parameters<typeof store.createUpload>) => {
      const uploadId = await store.createUpload(...args);
      opened = sockets.length;
      return uploadId;
    },
  };
  const { transfer } = configSchema.parse({ transfer: { connections: 4 } });
  await createTransporter('optimized', watched, transfer).upload('parts', {
    kind: 'bytes',
    bytes: Buffer.alloc(24 * 2 ** 20),
  });
  expect(opened).toBe(4);
  expect(sockets).toHaveLength(4);
  store.close();
});
