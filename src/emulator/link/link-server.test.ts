import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Failure } from '../../errors/failure.js';
import { createBucketAdmin } from '../../s3/admin.js';
import { createStore } from '../../s3/client.js';
import { withRetry } from '../../s3/retry.js';
import type { ObjectStore } from '../../s3/store.js';
import { startEmulator, type Emulator } from '../emulator.js';
import type { Fault } from '../faults/rules.js';
import { startLinkServer, type LinkServer, type LinkServerOptions } from './link-server.js';
import { profileNamed } from './profiles.js';

const LAN = profileNamed('lan');
const BODY = Buffer.alloc(1_500_000, 'b');

describe.each(['sdk', 'lean'] as const)('a link in front of a server, and the %s client', (client) => {
  let emulator: Emulator;
  const links: LinkServer[] = [];
  const stores: ObjectStore[] = [];

  beforeAll(async () => {
    emulator = await startEmulator();
    const { endpoint, region, credentials } = emulator;
    const admin = createBucketAdmin({ endpoint, region, credentials, forcePathStyle: true });
    await admin.create('linked');
    admin.close();
  });

  afterEach(async () => {
    for (const store of stores.splice(0)) store.close();
    for (const link of links.splice(0)) await link.close();
  });

  afterAll(() => emulator.close());

  async function linkTo(options: Partial<LinkServerOptions> = {}): Promise<LinkServer> {
    const link = await startLinkServer({ upstream: emulator.endpoint, profile: LAN, ...options });
    links.push(link);
    return link;
  }

  function plainStoreAt(link: LinkServer): ObjectStore {
    const { region, credentials } = emulator;
    const connection = { endpoint: link.endpoint, region, credentials, forcePathStyle: true, client };
    const store = createStore(connection, 'linked', { idleTimeoutMs: 1000 });
    stores.push(store);
    return store;
  }

  function storeAt(link: LinkServer): ObjectStore {
    return withRetry(plainStoreAt(link), { policy: { baseDelayMs: 1, maxDelayMs: 5 } });
  }

  async function kindOf(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => 'done',
      (reason: unknown) => Failure.from(reason).kind,
    );
  }

  test('passes signed requests on as they are, and counts their bytes', async () => {
    const link = await linkTo();
    const store = storeAt(link);
    await store.put('a', BODY);
    expect((await buffer((await store.get('a')).body)).equals(BODY)).toBe(true);
    const { up, down, connections } = link.counts();
    expect(connections).toBeGreaterThan(0);
    expect(up.bytes).toBeGreaterThan(BODY.length);
    expect(up.bytes).toBeLessThan(BODY.length * 1.01);
    expect(down.bytes).toBeGreaterThan(BODY.length);
    expect(down.bytes).toBeLessThan(BODY.length * 1.01);
  });

  test('survives connections that the path resets', async () => {
    const link = await linkTo({ profile: { ...LAN, meanBytesToReset: 1_000_000 }, seed: 4 });
    const store = storeAt(link);
    for (let at = 0; at < 12; at += 1) await store.put(`r${at}`, BODY.subarray(0, 300_000));
    expect(link.counts().resets).toBeGreaterThan(0);
    expect((await store.list({ prefix: 'r' })).objects.every(({ sizeBytes }) => sizeBytes === 300_000)).toBe(
      true,
    );
  });

  test.each<[Fault, string]>([
    [{ kind: 'status', status: 503 }, 'PutObject'],
    [{ kind: 'lost-reply' }, 'PutObject'],
    [{ kind: 'corrupt-byte', of: 'request' }, 'PutObject'],
    [{ kind: 'reset', at: 'inside-request' }, 'PutObject'],
    [{ kind: 'truncated-xml' }, 'ListObjectsV2'],
    [{ kind: 'error-document' }, 'GetObject'],
  ])('breaks requests that its rules choose: %j of %s', async (fault, operation) => {
    const link = await linkTo({ faults: { rules: [{ operation, nth: 1, fault }] } });
    const store = storeAt(link);
    // Conditional and large: the client waits for "100 Continue".
    await store.delete('b');
    await store.put('b', BODY, { ifAbsent: true });
    expect((await buffer((await store.get('b')).body)).equals(BODY)).toBe(true);
    expect((await store.list({ prefix: 'b' })).objects).toHaveLength(1);
    expect(link.faultCounts()).toEqual([{ name: fault.kind, matched: 2, fired: 1 }]);
  });

  test('a body that is cut on the way is an error', async () => {
    const fault: Fault = { kind: 'short-body' };
    const link = await linkTo({ faults: { rules: [{ operation: 'GetObject', fault }] } });
    const store = storeAt(link);
    await store.put('c', BODY);
    expect(await kindOf(store.get('c').then(({ body }) => buffer(body)))).toBe('reset');
  });

  test('a throttle answers 503 above its rate', async () => {
    const link = await linkTo({ faults: { throttle: { writesPerSecond: 1, retryAfterSeconds: 0 } } });
    const store = plainStoreAt(link);
    const kinds = await Promise.all(['1', '2', '3'].map((key) => kindOf(store.put(key, BODY))));
    expect(kinds.sort()).toEqual(['done', 'throttled', 'throttled']);
  });

  test('a server that is not there is a reset', async () => {
    const link = await linkTo({ upstream: 'http://127.0.0.1:1' });
    expect(await kindOf(plainStoreAt(link).head('x'))).toBe('reset');
  });
});

describe('a link in front of TLS', () => {
  test('passes bytes untouched, and an end of one side to the other', async () => {
    const seen: Buffer[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
      socket.on('data', (chunk: Buffer) => seen.push(chunk));
      socket.on('end', () => socket.end('farewell'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const link = await startLinkServer({ upstream: `https://127.0.0.1:${port}`, profile: LAN });
    expect(link.endpoint).toBe(`https://127.0.0.1:${link.port}`);
    const socket = connect({ port: link.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(Buffer.from([0x16, 3, 1, 0, 5, 0xff]));
    expect((await buffer(socket)).toString()).toBe('farewell');
    expect(Buffer.concat(seen)).toEqual(Buffer.from([0x16, 3, 1, 0, 5, 0xff]));
    await link.close();
    await new Promise((closed) => server.close(closed));
  });

  test.each<[Partial<LinkServerOptions>, RegExp]>([
    [
      { upstream: 'https://127.0.0.1:1', faults: {} },
      /TLS of https:\/\/127.0.0.1:1 hides.*Leave out --faults/,
    ],
    [{ upstream: 'nonsense' }, /no address of an S3 server.*--upstream/],
    [{ upstream: 'http://127.0.0.1:1/bucket' }, /no address of an S3 server/],
    [{ upstream: 'http://127.0.0.1:1', host: '203.0.113.1' }, /can not listen on 203.0.113.1:0/],
  ])('%j is refused with the reason', async (options, line) => {
    const failure = await startLinkServer({ upstream: '', profile: LAN, ...options }).catch(
      (reason: unknown) => Failure.from(reason),
    );
    expect(failure).toBeInstanceOf(Failure);
    expect(failure instanceof Failure && failure.kind === 'usage' ? failure.toLine() : '').toMatch(line);
  });
});
