import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { configSchema } from '../config/schema.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import type { S3Connection } from '../s3/connection.js';
import type { ObjectStore } from '../s3/store.js';
import { listObjectfsMounts } from './mounts.js';
import type { MountPlan } from './plan.js';
import { startMount } from './start.js';
import { unmountDirectory } from './unmount.js';

const canMount = existsSync('/dev/fuse') && process.getuid?.() === 0;
const describeMount = canMount ? describe : describe.skip;

describeMount('a mount daemon (needs /dev/fuse and root)', () => {
  let emulator: Emulator;
  let connection: S3Connection;
  let store: ObjectStore;
  let folder: string;
  let plan: MountPlan;
  const at = (name: string): string => join(plan.mountPoint, name);

  beforeAll(async () => {
    emulator = await startEmulator();
    const { endpoint, region, credentials } = emulator;
    connection = { endpoint, region, credentials, forcePathStyle: true };
    await createBucketAdmin(connection).create('mounted');
    store = createStore(connection, 'mounted');
  });
  afterAll(async () => {
    store.close();
    await emulator.close();
  });

  beforeEach(async () => {
    folder = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'objectfs-daemon-')));
    const mountPoint = join(folder, 'mnt');
    await fs.mkdir(mountPoint);
    const config = configSchema.parse({
      mount: { cacheDir: join(folder, 'cache'), diskCache: 0 },
      log: { level: 'fatal' },
    });
    plan = { bucket: 'mounted', prefix: 'p', mountPoint, connection, config };
  });
  afterEach(async () => {
    expect((await listObjectfsMounts()).filter((mount) => mount.mountPoint.startsWith(folder))).toEqual([]);
    await fs.rm(folder, { recursive: true });
  });

  test('in the foreground serves a prefix of a bucket until it is unmounted', async () => {
    const mount = await startMount(plan, { foreground: true });
    await fs.writeFile(at('a'), 'from the mount');
    const { body } = await store.get('p/a');
    expect(Buffer.concat((await body.toArray()) as Buffer[]).toString()).toBe('from the mount');
    await store.put('p/b', Buffer.from('from S3'));
    expect(await fs.readFile(at('b'), 'utf8')).toBe('from S3');
    await mount.unmount();
    await mount.done;
    expect(await fs.readdir(plan.mountPoint)).toEqual([]);
    expect(existsSync(join(folder, 'cache')) ? await fs.readdir(join(folder, 'cache')) : []).toEqual([]);
  });

  test('in the background lives on with a log file, is listed, and is unmounted by its directory', async () => {
    const mount = await startMount(plan, { foreground: false });
    const listed = (await listObjectfsMounts()).find(({ mountPoint }) => mountPoint === plan.mountPoint);
    expect(listed).toMatchObject({ source: 's3://mounted/p', daemonAlive: true, device: mount.device });
    expect((await fs.stat(mount.logFile ?? '')).mode & 0o777).toBe(0o600);
    await fs.writeFile(at('c'), 'kept');
    const unmounted = await unmountDirectory(plan.mountPoint);
    expect(unmounted).toEqual({ mountPoint: plan.mountPoint, source: 's3://mounted/p', saved: true });
    expect((await store.head('p/c')).sizeBytes).toBe(4);
    await fs.rm(mount.logFile ?? '');
  });

  test('has S3 copy what copy_file_range(2) copies: cp moves no bytes', async () => {
    const mount = await startMount(plan, { foreground: true });
    const bytes = Buffer.alloc(64 * 1024 * 1024, 'objectfs ');
    await store.put('p/source', bytes);
    const bodyBytes = (): number =>
      emulator
        .requestCounts()
        .filter(({ operation }) => ['GetObject', 'PutObject', 'UploadPart'].includes(operation))
        .reduce((sum, count) => sum + count.bytesSent + count.bytesReceived, 0);
    const before = bodyBytes();
    await execa('cp', ['--sparse=never', at('source'), at('copy')]);
    expect(bodyBytes() - before).toBe(0);
    expect(await store.head('p/copy')).toMatchObject({ sizeBytes: bytes.length });
    expect((await fs.readFile(at('copy'))).equals(bytes)).toBe(true);
    await mount.unmount();
  });

  test('is busy while a file is open, and says who to ask', async () => {
    const mount = await startMount(plan, { foreground: true });
    const file = await fs.open(at('busy'), 'w');
    await expect(mount.unmount()).rejects.toMatchObject({
      kind: 'busy',
      remedy: expect.stringContaining('fuser') as string,
    });
    await file.close();
    await mount.unmount();
  });

  test('saves and unmounts on SIGTERM', async () => {
    const mount = await startMount(plan, { foreground: true });
    await fs.writeFile(at('term'), 'kept');
    process.kill(mount.pid, 'SIGTERM');
    await mount.done;
    expect((await store.head('p/term')).sizeBytes).toBe(4);
  });

  test('that was killed leaves a dead mount: uses fail with ENOTCONN, and unmount clears it', async () => {
    const mount = await startMount(plan, { foreground: true });
    process.kill(mount.pid, 'SIGKILL');
    await expect(mount.done).rejects.toMatchObject({ kind: 'internal' });
    await expect(fs.readdir(plan.mountPoint)).rejects.toMatchObject({ code: 'ENOTCONN' });
    const listed = (await listObjectfsMounts()).find(({ mountPoint }) => mountPoint === plan.mountPoint);
    expect(listed?.daemonAlive).toBe(false);
    expect(await unmountDirectory(plan.mountPoint)).toMatchObject({ saved: false });
  });

  test('that was killed is cleared by the next mount of the directory, which says so', async () => {
    const killed = await startMount(plan, { foreground: true });
    await fs.writeFile(at('closed'), 'kept');
    process.kill(killed.pid, 'SIGKILL');
    await killed.done.catch(() => undefined);
    const mount = await startMount(plan, { foreground: true });
    expect(mount.cleared).toBe('s3://mounted/p');
    expect(await fs.readFile(at('closed'), 'utf8')).toBe('kept');
    expect(
      (await listObjectfsMounts()).filter(({ mountPoint }) => mountPoint === plan.mountPoint),
    ).toHaveLength(1);
    await mount.unmount();
  });

  test('is not cleared by a second mount while it lives', async () => {
    const mount = await startMount(plan, { foreground: true });
    await expect(startMount(plan, { foreground: true })).rejects.toMatchObject({ kind: 'usage' });
    await fs.writeFile(at('still'), 'there');
    await mount.unmount();
  });

  test.each([
    ['an unknown bucket', 'missing-bucket', () => ({ bucket: 'no-such-bucket' })],
    [
      'a wrong secret',
      'bad-signature',
      () => ({
        connection: {
          ...connection,
          credentials: { ...emulator.credentials, secretAccessKey: 'wrong' },
        },
      }),
    ],
    [
      'an endpoint where nobody answers',
      'unreachable',
      () => ({ connection: { ...connection, endpoint: 'http://127.0.0.1:1' } }),
    ],
    ['a missing mount point', 'usage', () => ({ mountPoint: join(folder, 'missing') })],
    ['a mount point with files in it', 'usage', () => ({ mountPoint: folder })],
  ])('refuses %s in one line, with a remedy, and leaves nothing', async (_name, kind, change) => {
    const failure: unknown = await startMount({ ...plan, ...change() }, { foreground: false }).catch(
      (reason: unknown) => reason,
    );
    expect(failure).toMatchObject({ kind, remedy: expect.stringMatching(/.+/) as string });
  });

  test('stops when it is cancelled before the mount answers', async () => {
    const abort = new AbortController();
    const started = startMount(plan, { foreground: false, signal: abort.signal });
    abort.abort();
    await expect(started).rejects.toMatchObject({ kind: 'cancelled' });
  });

  test('a cache folder that another mount uses, or that is a symbolic link, is refused', async () => {
    const mount = await startMount(plan, { foreground: true });
    const [name = ''] = await fs.readdir(join(folder, 'cache'));
    const lock = join(folder, 'cache', name, 'lock');
    const held = await fs.readFile(lock, 'utf8');
    expect(held.startsWith(`${mount.pid} `)).toBe(true);
    await mount.unmount();
    await mount.done;
    await fs.mkdir(join(folder, 'cache', name), { recursive: true, mode: 0o700 });
    const mine = await fs.readFile('/proc/self/stat', 'utf8');
    const start = mine.slice(mine.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    await fs.writeFile(lock, `${process.pid} ${start} ${held.split(' ')[2] ?? ''}`);
    await expect(startMount(plan, { foreground: true })).rejects.toMatchObject({ kind: 'busy' });
    await fs.rename(join(folder, 'cache', name), join(folder, 'elsewhere'));
    await fs.symlink(join(folder, 'elsewhere'), join(folder, 'cache', name));
    await expect(startMount(plan, { foreground: true })).rejects.toMatchObject({ kind: 'usage' });
  });

  test('unmount of a plain directory is wrong use', async () => {
    await expect(unmountDirectory(plan.mountPoint)).rejects.toMatchObject({ kind: 'usage' });
    await expect(unmountDirectory('/proc')).rejects.toMatchObject({ kind: 'usage' });
  });
});
