import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { startEmulatorProcess } from '../emulator/child.js';
import { describeMount } from '../harness/testing/mount-tests.js';
import { startMount } from './start.js';
import { statusOf } from './status.js';
import { makeMountPlace, startTestServer, type MountPlace, type TestServer } from './testing/mount-place.js';

const O_TMPFILE = 0o20200000;

describeMount('the end of a mount', () => {
  let server: TestServer;
  let place: MountPlace;

  beforeEach(async () => {
    place = await makeMountPlace();
    server = await startTestServer({ dataDir: join(place.folder, 's3') });
  });
  afterEach(async () => {
    await server.close();
    await place.remove();
  });

  test('what can not be saved is told before anything is unmounted; --force keeps it for the next mount', async () => {
    const plan = place.plan(server.connection, { operationTimeoutMs: 1000 });
    const mount = await startMount(plan, { foreground: true });
    expect(mount.recovery).toBeUndefined();
    const file = await fs.open(place.at('unsaved'), 'w');
    await file.write('these bytes');
    const port = Number(new URL(server.process.endpoint).port);
    const { credentials } = server.process;
    process.kill(server.process.pid, 'SIGKILL');
    await expect(mount.unmount()).rejects.toMatchObject({
      message: expect.stringContaining('unsaved could not be saved') as string,
      remedy: expect.stringContaining('--force') as string,
    });
    expect(await statusOf(place.mountPoint)).toMatchObject({ state: 'running', files: { dirtyFiles: 1 } });
    await expect(mount.unmount(undefined, { force: true })).rejects.toMatchObject({
      message: expect.stringContaining('unsaved') as string,
    });
    await file.close().catch(() => undefined);
    await expect(mount.done).rejects.toBeDefined();
    const options = { port, credentials, dataDir: join(place.folder, 's3') };
    const again = await startEmulatorProcess(options, new AbortController().signal);
    try {
      const next = await startMount(plan, { foreground: true });
      expect(next.recovery).toEqual({ folder: expect.stringContaining('recovery') as string, files: 1 });
      const status = await statusOf(place.mountPoint);
      const [left] = status.state === 'running' ? status.recovery : [];
      expect(left).toMatchObject({ key: 'unsaved' });
      expect(await fs.readFile(left?.path ?? '', 'utf8')).toBe('these bytes');
      await next.unmount();
    } finally {
      await again.close();
    }
  }, 120_000);

  test('the kernel tells the birth of a file, and makes files without a name that link(2) names', async () => {
    const mount = await startMount(place.plan(server.connection), { foreground: true });
    await fs.writeFile(place.at('born'), 'x');
    const { stdout } = await execa('stat', ['-c', '%W', place.at('born')]);
    expect(Math.abs(Number(stdout) - Date.now() / 1000)).toBeLessThan(600);
    const file = await fs.open(place.mountPoint, O_TMPFILE | fs.constants.O_RDWR, 0o600);
    await file.write('from nowhere');
    expect((await file.stat()).nlink).toBe(0);
    await execa('ln', ['-L', `/proc/${process.pid}/fd/${file.fd}`, place.at('named')]);
    expect((await server.store.head('named')).sizeBytes).toBe(12);
    await file.close();
    expect(await fs.readFile(place.at('named'), 'utf8')).toBe('from nowhere');
    await mount.unmount();
  }, 60_000);
});
