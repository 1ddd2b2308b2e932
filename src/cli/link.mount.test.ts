import { startEmulator } from '../emulator/emulator.js';
import { packetModeObstacle } from '../emulator/link/packet/packet-link.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import { makePlace, startObjectfs, until } from './testing/command-line.js';

const testPackets = packetModeObstacle() === undefined ? test : test.skip;

testPackets('objectfs link --mode packet carries S3 and ends with SIGTERM (needs root and TUN)', async () => {
  const emulator = await startEmulator();
  const place = await makePlace();
  try {
    const { region, credentials } = emulator;
    const connection = { region, credentials, forcePathStyle: true };
    const admin = createBucketAdmin({ ...connection, endpoint: emulator.endpoint });
    await admin.create('linked');
    admin.close();
    const args = ['link', '--mode', 'packet', '--upstream', emulator.endpoint, '--profile', 'lan', '--json'];
    const child = startObjectfs(place, args);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const endpoint = await until('the exports', () => /AWS_ENDPOINT_URL='(.*)'/.exec(output)?.[1]);
    const store = createStore({ ...connection, endpoint }, 'linked');
    const body = Buffer.alloc(100_000, 'b');
    await store.put('a', body);
    store.close();
    child.kill('SIGTERM');
    const { exitCode, stderr } = await child;
    expect(exitCode).toBe(0);
    const counts: unknown = JSON.parse(stderr.split('\n').at(-1) ?? '');
    // A relay of bytes would have counted none for the acknowledgements of a handshake and of a body.
    expect(counts).toMatchObject({ up: { losses: 0 }, down: { losses: 0 } });
    const { up } = counts as { readonly up: { readonly bytes: number; readonly segments: number } };
    expect(up.segments).toBeGreaterThan(body.length / 1460);
    expect(up.bytes).toBeGreaterThan(body.length + 20 * up.segments);
  } finally {
    await place.remove();
    await emulator.close();
  }
});

testPackets(
  'objectfs link --mode packet tells an ordinary user what it needs (needs root and TUN)',
  async () => {
    const place = await makePlace();
    try {
      const { exitCode, stderr } = await startObjectfs(
        place,
        ['link', '--mode', 'packet', '--upstream', 'http://127.0.0.1:9'],
        { uid: 65_534 },
      );
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/needs root.*leave out --mode packet/s);
    } finally {
      await place.remove();
    }
  },
);

/** Loaded before the program, in each of its threads: on SIGUSR2 the thread of this side breaks. */
function breaking(side: string): string {
  const code = `
    import { isMainThread, parentPort, workerData } from 'node:worker_threads';
    if (!isMainThread && workerData?.side === '${side}') parentPort.on('message', () => { throw new Error('planted'); });
    process.on('worker', (thread) => process.on('SIGUSR2', () => thread.postMessage('break')));`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

describe.each(['near', 'far'])(
  'objectfs link --mode packet whose %s thread dies (needs root and TUN)',
  (side) => {
    testPackets('ends with exit 1 and one line that names it', async () => {
      const place = await makePlace();
      const args = ['link', '--mode', 'packet', '--upstream', 'http://127.0.0.1:9', '--profile', 'lan'];
      const child = startObjectfs(place, args, { environment: { NODE_OPTIONS: breaking(side) } });
      try {
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
        await until('the exports', () => /AWS_ENDPOINT_URL=/.exec(output)?.[0]);
        child.kill('SIGUSR2');
        const { exitCode, stderr } = await child;
        const lines = stderr.split('\n').filter((line) => line.startsWith('objectfs:'));
        expect([exitCode, lines]).toEqual([1, [`objectfs: The ${side} end of the link has died: planted`]]);
        expect(stderr).not.toMatch(/^ +at /m);
        expect(stderr).toMatch(/^0 connections/m);
      } finally {
        child.kill('SIGKILL');
        await place.remove();
      }
    });
  },
);
