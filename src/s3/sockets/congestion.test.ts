import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tcpCongestionOf, tryTcpCongestion } from '../../libc/tcp-congestion.js';
import { silentLog } from '../../log/log.js';
import { createStore } from '../client.js';
import { startEmulatedStore, type EmulatedStore } from '../testing/emulated-store.js';

const NAMES = ['cubic', 'bbr', 'reno'] as const;
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux.each(['sdk', 'lean'] as const)('s3.tcpCongestion over the %s client (Linux)', (client) => {
  let emulated: EmulatedStore;
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (...line: unknown[]) => void warnings.push(line) };

  beforeAll(async () => {
    emulated = await startEmulatedStore(['bucket']);
  });

  afterAll(async () => {
    await emulated.close();
  });

  beforeEach(() => {
    warnings.length = 0;
  });

  /** What the kernel says of the connections of a store after one request. */
  async function usedFor(tcpCongestion?: (typeof NAMES)[number]): Promise<readonly (string | undefined)[]> {
    const tuned = tcpCongestion === undefined ? {} : { tcpCongestion };
    const before = descriptorsTo(emulated.connection.endpoint ?? '');
    const store = createStore({ ...emulated.connection, client, ...tuned }, 'bucket', { log });
    try {
      await store.put('key', Buffer.from('bytes'));
      const opened = descriptorsTo(emulated.connection.endpoint ?? '').filter((fd) => !before.includes(fd));
      return opened.map((fd) => tcpCongestionOf(fd));
    } finally {
      store.close();
    }
  }

  test('a name that the kernel allows is that of the connected socket', async () => {
    const allowed = NAMES.filter((name) => tryTcpCongestion(name) === undefined);
    const [name] = allowed.filter((found) => found !== kernelDefault());
    if (name === undefined) {
      // A kernel with one name only: all others are refused, and the store works.
      const [refused = 'bbr'] = NAMES.filter((found) => !allowed.includes(found));
      expect(await usedFor(refused)).toEqual([kernelDefault()]);
      expect(warnings).toHaveLength(1);
      return;
    }
    expect(await usedFor(name)).toEqual([name]);
    expect(warnings).toEqual([]);
  });

  test('without it the connected socket has the default of the kernel', async () => {
    expect(await usedFor()).toEqual([kernelDefault()]);
  });

  test('a name that the kernel refuses is told once, and requests go on', async () => {
    // No kernel has it; the schema would not let it in.
    const tcpCongestion = 'no-such-name' as 'reno';
    const store = createStore({ ...emulated.connection, client, tcpCongestion }, 'bucket', { log });
    await Promise.all(['a', 'b', 'c'].map((key) => store.put(key, Buffer.from(key))));
    store.close();
    expect(warnings).toEqual([
      [{ tcpCongestion, refusal: 'ENOENT' }, expect.stringMatching(/objectfs doctor/)],
    ]);
  });

  test('over TLS it is set before the handshake', async () => {
    const name = NAMES.find((found) => tryTcpCongestion(found) === undefined && found !== kernelDefault());
    const expected = name ?? kernelDefault();
    let seen: (string | undefined)[] = [];
    // The first bytes of the handshake are there: the client's side is looked at, and hung up.
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        seen = descriptorsTo(endpoint).map((fd) => tcpCongestionOf(fd));
        socket.destroy();
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
    const tuned = { ...emulated.connection, endpoint, client, tcpCongestion: name ?? 'bbr' };
    const store = createStore(tuned, 'bucket', { log });
    await expect(store.head('key')).rejects.toThrow();
    store.close();
    await new Promise((closed) => server.close(closed));
    expect(seen).toEqual([expected]);
  });
});

function kernelDefault(): string {
  return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim();
}

/** Descriptors of this process that are TCP connections to the port of an endpoint: the client's side of them. */
function descriptorsTo(endpoint: string): readonly number[] {
  const port = Number(new URL(endpoint).port).toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/self/net/tcp', 'utf8').split('\n').slice(1);
  const inodes = rows
    .map((row) => row.trim().split(/\s+/))
    .filter((row) => row[2]?.endsWith(`:${port}`) === true)
    .map((row) => `socket:[${row[9] ?? ''}]`);
  return readdirSync('/proc/self/fd')
    .filter((fd) => inodes.includes(linkOf(fd)))
    .map(Number);
}

/** The listing's own descriptor is closed by then. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
