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
