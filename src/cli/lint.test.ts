import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import { makePlace, startObjectfs, type Place } from './testing/command-line.js';

let emulator: Emulator;
let place: Place;

beforeAll(async () => {
  emulator = await startEmulator();
  place = await makePlace();
  const { endpoint, region, credentials } = emulator;
  const connection = { endpoint, region, credentials, forcePathStyle: true };
  const admin = createBucketAdmin(connection);
  await admin.create('linted');
  admin.close();
  const store = createStore(connection, 'linted');
  const put = (key: string, bytes = 'x', metadata = {}) => store.put(key, Buffer.from(bytes), { metadata });
  await put('good/file', 'x', { mode: '33188', uid: '0', gid: '0', mtime: '1700000000' });
  await put('good/.objectfs/x');
  await put('p/.objectfs/intents/x');
  await put('p/a');
  await put('p/a-b');
  await put('p/a/b');
  await put('p/two//slashes');
  await put('p/../up');
  await put('p/data/', 'bytes');
  await put('p/old_$folder$', '');
  await put(`p/${'n'.repeat(256)}`);
  await put('p/rclone', 'x', { mode: '100644' });
  await put('p/garbage', 'x', { mtime: 'yesterday' });
  await put('p/both', 'x', { mode: '33188', 'file-permissions': '0100600', uid: '1', 'file-owner': '2' });
  store.close();
});

afterAll(async () => {
  await place.remove();
  await emulator.close();
});

async function lint(...args: string[]) {
  const { accessKeyId, secretAccessKey } = emulator.credentials;
  const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  return await startObjectfs(place, ['lint', ...args, '--endpoint', emulator.endpoint], { environment });
}

interface Report {
  readonly objects: number;
  readonly findings: readonly { readonly key: string; readonly rule: string; readonly remedy: string }[];
}

describe('objectfs lint', () => {
  test('finds each doubtful key and each doubtful metadata, once, and exits with 1', async () => {
    const { exitCode, stdout } = await lint('s3://linted/p', '--json');
    const { objects, findings } = JSON.parse(stdout) as Report; // the form that docs/commands.md states
    expect(exitCode).toBe(1);
    expect(objects).toBe(11);
    expect(findings.map(({ key, rule }) => `${rule} ${key}`).sort()).toEqual([
      'dialects-disagree p/both',
      'directory-with-data p/data/',
      'hadoop-folder p/old_$folder$',
      'hidden-by-directory p/a',
      `name-too-long p/${'n'.repeat(256)}`,
      'no-file-name p/../up',
      'no-file-name p/two//slashes',
      'octal-mode p/rclone',
      'unreadable-metadata p/garbage',
    ]);
    expect(findings.every(({ remedy }) => remedy.length > 10)).toBe(true);
  }, 60_000);

  test('exits with 0 where there is nothing to say, and looks at keys only where that is asked', async () => {
    const clean = await lint('s3://linted/good');
    expect({ code: clean.exitCode, out: clean.stdout }).toEqual({ code: 0, out: '1 objects, 0 findings' });
    const heads = (): number =>
      emulator.requestCounts().find(({ operation }) => operation === 'HeadObject')?.count ?? 0;
    const before = heads();
    const keys = await lint('s3://linted/p', '--keys-only');
    expect(keys.exitCode).toBe(1);
    expect(keys.stdout.split('\n')).toContain('11 objects, 6 findings');
    expect(heads()).toBe(before);
  }, 60_000);

  test.each([['linted'], ['s3://not-there']])(
    'wrong use of %s exits with 2 and a remedy',
    async (url) => {
      const { exitCode, stderr } = await lint(url);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^objectfs: .+\. .+/);
    },
    60_000,
  );
});
