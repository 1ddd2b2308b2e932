import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import { makePlace, startObjectfs, until, type Place } from './testing/command-line.js';

describe('objectfs link', () => {
  let emulator: Emulator;
  let place: Place;
  let folder: string;

  beforeAll(async () => {
    emulator = await startEmulator();
    place = await makePlace();
    folder = await mkdtemp(join(tmpdir(), 'objectfs-link-'));
    const { endpoint, region, credentials } = emulator;
    const admin = createBucketAdmin({ endpoint, region, credentials, forcePathStyle: true });
    await admin.create('linked');
    admin.close();
  });

  afterAll(async () => {
    await place.remove();
    await rm(folder, { recursive: true });
    await emulator.close();
  });

  test('prints the endpoint, relays, and tells what happened after SIGTERM', async () => {
    const faults = join(folder, 'faults.yaml');
    const profile = join(folder, 'mine.yaml');
    await writeFile(
      faults,
      'rules:\n  - name: first put\n    operation: PutObject\n    nth: 1\n    fault: { kind: status, status: 503 }\n',
    );
    await writeFile(profile, 'name: mine\nlike: lan\nroundTripMs: 3\n');
    const args = [
      'link',
      '--upstream',
      emulator.endpoint,
      '--profile',
      profile,
      '--faults',
      faults,
      '--json',
    ];
    const child = startObjectfs(place, args);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const endpoint = await until('the exports', () => /AWS_ENDPOINT_URL='(.*)'/.exec(output)?.[1]);
    const { region, credentials } = emulator;
    const store = createStore({ endpoint, region, credentials, forcePathStyle: true }, 'linked');
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ kind: 'throttled' });
    await store.put('a', Buffer.from('x'));
    store.close();
    child.kill('SIGTERM');
    const { exitCode, stderr } = await child;
    expect(exitCode).toBe(0);
    expect(JSON.parse(stderr.split('\n').at(-1) ?? '')).toMatchObject({
      resets: 0,
      faults: [{ name: 'first put', matched: 2, fired: 1 }],
    });
  }, 60_000);

  test('measures no packets', async () => {
    const { exitCode, stderr } = await startObjectfs(place, ['link', '--self-test', '--mode', 'packet']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/--self-test measures the relay mode.*Leave out --mode packet/s);
  });
});
