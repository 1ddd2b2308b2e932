import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import type { ConnectionCounts } from '../s3/sockets/meter.js';
import type { ObjectStore } from '../s3/store.js';
import { startWireProxy, type WireProxy } from '../transfer/testing/wire-proxy.js';
import { loadedModules, makePlace, startObjectfs, until, type Place } from './testing/command-line.js';

/** Copies by the real program, on the embedded server; what the server saw decides. */
describe('objectfs cp', () => {
  const MIB = 2 ** 20;
  /** Seven parts up, and as many ranges down. */
  const large = randomBytes(32 * MIB);
  const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  let emulator: Emulator;
  let proxy: WireProxy;
  let store: ObjectStore;
  let place: Place;

  beforeAll(async () => {
    emulator = await startEmulator();
    proxy = await startWireProxy(emulator.endpoint);
    const { endpoint, region, credentials } = emulator;
    const connection = { endpoint, region, credentials, forcePathStyle: true, client: 'lean' } as const;
    const admin = createBucketAdmin(connection);
    await admin.create('data');
    await admin.create('other');
    admin.close();
    store = createStore(connection, 'data');
    await store.put('large', large);
  });

  afterAll(async () => {
    store.close();
    await proxy.close();
    await emulator.close();
  });

  beforeEach(async () => {
    proxy.reset();
    place = await makePlace();
    await writeFile(join(place.work, 'large'), large);
  });

  afterEach(() => place.remove());

  function cp(...args: string[]) {
    const { accessKeyId, secretAccessKey } = emulator.credentials;
    return startObjectfs(place, ['cp', ...args, '--endpoint', proxy.endpoint, '--level', 'aggressive'], {
      environment: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    });
  }

  async function summaryOf(run: ReturnType<typeof cp>) {
    const { stdout, stderr, exitCode } = await run;
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  const journals = () => readdir(join(place.folder, 'state/transfers')).catch(() => []);
  const sumOf = async (key: string): Promise<string> =>
    digest(Buffer.concat(await (await store.get(key)).body.toArray()));
  const parts = () =>
    proxy.seen.filter(({ method, path }) => method === 'PUT' && path.includes('partNumber='));
  const ranges = () => proxy.seen.filter(({ method }) => method === 'GET');

  test('copies a file up and down, verified by the checksum of the whole', async () => {
    const up = await summaryOf(cp('large', 's3://data/up', '--json'));
    expect(up).toMatchObject({ sizeBytes: large.length, parts: 7, resumedBytes: 0 });
    expect(up['verification']).toEqual({ verified: true, by: 'CRC32 FULL_OBJECT' });
    expect(await sumOf('up')).toBe(digest(large));
    await mkdir(join(place.work, 'folder'));
    const down = await summaryOf(cp('s3://data/up', 'folder', '--json'));
    expect(down['verification']).toEqual({ verified: true, by: 'CRC32 FULL_OBJECT' });
    expect(digest(await readFile(join(place.work, 'folder/up')))).toBe(digest(large));
    expect([await journals(), await readdir(join(place.work, 'folder'))]).toEqual([[], ['up']]);
  });

  test('--json tells how many connections were opened and used again, and what each has carried', async () => {
    const { connections } = await summaryOf(cp('large', 's3://data/up', '--json', '--connections', '3'));
    const { opened, reused, open } = connections as ConnectionCounts; // as `cp` writes it
    expect(opened + reused).toBe(proxy.seen.length);
    expect([opened, open.length]).toEqual([3, 3]);
    const sentBytes = open.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    expect(sentBytes).toBeGreaterThan(large.length);
    expect(Math.min(...open.map(({ bytesPerSecond }) => bytesPerSecond))).toBeGreaterThan(0);
  });

  test('--transfer-workers moves the parts on so many threads', async () => {
    // The first part is passed on with the second one, so that no thread has both.
    proxy.decide(() => {
      proxy.gather(parts().length === 1 ? 2 : 1);
      return undefined;
    });
    const args = ['--transfer-workers', '2', '--log-level', 'debug', '--json'];
    const { stdout, stderr } = await cp('large', 's3://data/by-threads', ...args);
    expect(JSON.parse(stdout)).toMatchObject({ parts: 7, retries: 0 });
    expect(stderr.match(/a transfer thread begins/g)).toHaveLength(2);
    expect(await sumOf('by-threads')).toBe(digest(large));
  });

  test('loads no SDK, no schema library, no YAML and no parser of commands, in parts and by one request', async () => {
    await writeFile(join(place.work, 'small'), large.subarray(0, 1000));
    const { accessKeyId, secretAccessKey } = emulator.credentials;
    for (const args of [
      ['large', 's3://data/lean'],
      ['s3://data/lean', 'back'],
      ['small', 's3://data/lean-small'],
    ]) {
      const folder = await mkdtemp(join(place.folder, 'coverage-'));
      const run = await startObjectfs(place, ['cp', ...args, '--endpoint', emulator.endpoint], {
        environment: {
          AWS_ACCESS_KEY_ID: accessKeyId,
          AWS_SECRET_ACCESS_KEY: secretAccessKey,
          NODE_V8_COVERAGE: folder,
        },
      });
      expect({ exitCode: run.exitCode, stderr: run.stderr }).toMatchObject({ exitCode: 0 });
      const modules = await loadedModules(folder);
      const packages = modules.flatMap((url) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
      expect(packages.filter((name) => !['p-limit', 'yocto-queue'].includes(name))).toEqual([]);
      expect(modules.filter((url) => url.startsWith('file:')).length).toBeLessThan(135);
    }
    expect(digest(await readFile(join(place.work, 'back')))).toBe(digest(large));
  });

  test('asks for all ranges at once where the first reply could tell nothing new', async () => {
    // No reply comes before as many are asked for as there are connections.
    proxy.gather(4);
    const down = await summaryOf(
      cp('s3://data/large', 'at-once', '--json', '--connections', '4', '--chunk-size', '8MiB'),
    );
    expect(down).toMatchObject({ sizeBytes: large.length, peakInFlight: 4 });
    expect(digest(await readFile(join(place.work, 'at-once')))).toBe(digest(large));
  });

  test('goes on after kill -9 of an upload with the parts that are not there', async () => {
    proxy.decide((_request, number) => (number > 4 ? 'stall' : undefined));
    const killed = cp('large', 's3://data/killed', '--connections', '2', '--chunk-size', '5MiB');
    await until('parts are up and others wait', () => (proxy.seen.length > 5 ? true : undefined));
    killed.kill('SIGKILL');
    await killed;
    expect((await journals()).filter((name) => name.endsWith('.jsonl'))).toHaveLength(1);
    expect(await store.head('killed').catch(() => 'absent')).toBe('absent');
    proxy.reset();
    const args = ['--connections', '2', '--chunk-size', '5MiB', '--json'];
    const again = await summaryOf(cp('large', 's3://data/killed', ...args));
    expect(again['resumedBytes']).toBeGreaterThanOrEqual(10 * MIB);
    expect(parts()).toHaveLength(7 - Number(again['resumedBytes']) / (5 * MIB));
    expect(await sumOf('killed')).toBe(digest(large));
    expect([await journals(), await store.listUploads()]).toEqual([[], []]);
  });

  test('a source that has changed since the kill is sent anew, and the old upload is aborted', async () => {
    proxy.decide((_request, number) => (number > 4 ? 'stall' : undefined));
    const killed = cp('large', 's3://data/changed', '--connections', '2', '--chunk-size', '5MiB');
    await until('parts are up and others wait', () => (proxy.seen.length > 5 ? true : undefined));
    killed.kill('SIGKILL');
    await killed;
    proxy.reset();
    const other = randomBytes(large.length);
    await writeFile(join(place.work, 'large'), other);
    await utimes(join(place.work, 'large'), 1, 1);
    const args = ['--connections', '2', '--chunk-size', '5MiB', '--json'];
    const again = await summaryOf(cp('large', 's3://data/changed', ...args));
    expect(again['resumedBytes']).toBe(0);
    expect(await sumOf('changed')).toBe(digest(other));
    expect(await store.listUploads()).toEqual([]);
  });

  test('goes on after kill -9 of a download; the target appears only when it is whole', async () => {
    await writeFile(join(place.work, 'target'), 'before');
    proxy.decide((_request, number) => (number > 5 ? 'stall' : undefined));
    const killed = cp('s3://data/large', 'target', '--connections', '2', '--chunk-size', '5MiB');
    await until('ranges have come and others wait', () => (proxy.seen.length > 6 ? true : undefined));
    killed.kill('SIGKILL');
    await killed;
    expect(await readFile(join(place.work, 'target'), 'utf8')).toBe('before');
    proxy.reset();
    const args = ['--connections', '2', '--chunk-size', '5MiB', '--json'];
    const again = await summaryOf(cp('s3://data/large', 'target', ...args));
    expect(again['resumedBytes']).toBeGreaterThanOrEqual(5 * MIB);
    expect(ranges()).toHaveLength(7 - Number(again['resumedBytes']) / (5 * MIB));
    expect(digest(await readFile(join(place.work, 'target')))).toBe(digest(large));
    expect([await journals(), (await readdir(place.work)).sort()]).toEqual([[], ['large', 'target']]);
  });

  test('Ctrl-C keeps what is done and says how to go on; --no-resume removes it', async () => {
    const args = ['large', 's3://data/stopped', '--connections', '2', '--chunk-size', '5MiB'];
    proxy.decide((_request, number) => (number > 4 ? 'stall' : undefined));
    const run = cp(...args);
    await until('parts are up and others wait', () => (proxy.seen.length > 5 ? true : undefined));
    run.kill('SIGINT');
    const { exitCode, stderr } = await run;
    expect([exitCode, stderr]).toEqual([130, expect.stringMatching(/same command goes on.*--no-resume/)]);
    expect(await store.listUploads()).toHaveLength(1);
    proxy.reset();
    proxy.decide(({ method, path }) =>
      method === 'PUT' && path.includes('partNumber=') ? 'stall' : undefined,
    );
    const second = cp(...args, '--no-resume');
    await until('parts wait', () => (parts().length > 0 ? true : undefined));
    second.kill('SIGINT');
    expect((await second).exitCode).toBe(130);
    expect([await journals(), await store.listUploads()]).toEqual([[], []]);
  });

  test('copies trees both ways and on the server, and reports what it leaves out', async () => {
    await mkdir(join(place.work, 'tree/deep'), { recursive: true });
    const names = ['a', 'deep/b', 'deep/with blank'];
    for (const name of names) await writeFile(join(place.work, 'tree', name), name);
    await symlink('/', join(place.work, 'tree/link'));
    const up = await cp('-r', 'tree', 's3://data/tree');
    expect([up.exitCode, up.stdout]).toEqual([0, expect.stringMatching(/^3 files.*0 failed; all verified/)]);
    expect(up.stderr).toMatch(/left out: "link"/);
    const across = await summaryOf(cp('-r', 's3://data/tree', 's3://other/copy', '--json'));
    expect([across['copies'], ranges()]).toEqual([
      expect.any(Array),
      expect.not.arrayContaining([{ range: /./ }]),
    ]);
    await summaryOf(cp('-r', 's3://other/copy', 'back', '--json'));
    for (const name of names) expect(await readFile(join(place.work, 'back', name), 'utf8')).toBe(name);
  });

  test('a key that leads out of the folder is refused, and the others are copied', async () => {
    await store.put('evil/../../out', Buffer.from('x'));
    await store.put('evil/good', Buffer.from('y'));
    const { exitCode, stderr } = await cp('-r', 's3://data/evil', 'safe');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/No file can have the name/)]);
    expect(await readdir(place.work)).toEqual(['large', 'safe']);
    expect(await readdir(join(place.work, 'safe'))).toEqual(['good']);
  });

  test('takes standard input and gives standard output', async () => {
    const up = cp('-', 's3://data/stream');
    // Its input is closed from the start: an empty object.
    expect([(await up).exitCode, (await store.head('stream')).sizeBytes]).toEqual([0, 0]);
    await store.put('text', Buffer.from('hello'));
    const down = await cp('s3://data/text', '-');
    expect([down.exitCode, down.stdout]).toEqual([0, 'hello']);
  });

  test('an object in an archive class is refused at once, with what to do', async () => {
    await store.put('cold', Buffer.from('x'), { storageClass: 'GLACIER' });
    const { exitCode, stderr } = await cp('s3://data/cold', 'cold');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/GLACIER.*objectfs restore s3:\/\/data\/cold/),
    ]);
    expect(ranges()).toEqual([]);
  });

  test('says in one line what is wrong', async () => {
    for (const [args, code, line] of [
      [['none', 's3://data/x'], 1, /none/],
      [['-', 's3://data/'], 2, /Name the whole key/],
    ] as const) {
      const { exitCode, stderr } = await cp(...args);
      expect([exitCode, stderr.trim().split('\n').at(-1)]).toEqual([code, expect.stringMatching(line)]);
    }
  });
});
