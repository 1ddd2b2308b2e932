import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { describeMount } from '../harness/testing/mount-tests.js';
import type { MountStatus } from './observe/status.js';
import { stackOf } from './stack/ask.js';
import { startMount } from './start.js';
import { statusOf, statusOfAll } from './status.js';
import { BUCKET, until, serverAndPlaces } from './testing/mount-place.js';
import { unmountDirectory } from './unmount.js';

describeMount('the status of a mount', () => {
  const here = serverAndPlaces();

  async function running(): Promise<MountStatus> {
    const status = await statusOf(here.place.mountPoint);
    if (status.state !== 'running') throw new Error(`The mount is ${status.state}`);
    return status;
  }

  /** The kernel does not wait for the reply to RELEASE, so close(2) comes back before. */
  async function settled(openFiles: number): Promise<MountStatus> {
    return await until(`${openFiles} open files`, async () => {
      const status = await running();
      return status.files.openFiles === openFiles && status.openRequests.length === 0 ? status : undefined;
    });
  }

  test('says what is mounted where, by whom, and what was done', async () => {
    const mount = await startMount(here.place.plan(here.server.connection), { foreground: true });
    await fs.writeFile(here.place.at('a'), 'twelve bytes');
    const file = await fs.open(here.place.at('dirty'), 'w');
    try {
      await file.write('unsaved');
      await expect(fs.stat(here.place.at('missing'))).rejects.toMatchObject({ code: 'ENOENT' });
      const status = await settled(1);
      expect(status).toMatchObject({
        source: `s3://${BUCKET}`,
        mountPoint: here.place.mountPoint,
        endpoint: here.server.connection.endpoint,
        binding: 'kernel',
        pid: mount.pid,
        recovery: [],
        files: { dirtyFiles: 1, dirtyBytes: 7 },
        store: { state: 'answering', retries: 0, connections: { opened: expect.any(Number) as number } },
      });
      expect(status.operations.find(({ operation }) => operation === 'write')).toMatchObject({
        count: 2,
        errors: {},
      });
      expect(status.operations.find(({ operation }) => operation === 'lookup')?.errors).toMatchObject({
        ENOENT: expect.any(Number) as number,
      });
      expect(
        status.store.requests.find(({ operation }) => operation === 'PutObject')?.bytesSent,
      ).toBeGreaterThan(11);
      expect(status.rssBytes).toBeGreaterThan(2 ** 20);
      expect(
        (await statusOfAll()).filter((other) => other.mountPoint === here.place.mountPoint),
      ).toHaveLength(1);
    } finally {
      await file.close();
    }
    try {
      expect((await settled(0)).files).toMatchObject({ dirtyFiles: 0, dirtyBytes: 0 });
    } finally {
      await mount.unmount();
    }
  });

  test('shows a request that hangs because the server hangs, with its age and its process', async () => {
    const mount = await startMount(here.place.plan(here.server.connection), { foreground: true });
    process.kill(here.server.process.pid, 'SIGSTOP');
    const hanging = fs.stat(here.place.at('slow')).catch((reason: unknown) => reason);
    try {
      const open = await until('the request', async () => (await running()).openRequests[0]);
      expect(open).toMatchObject({ operation: 'lookup', ino: '1' });
      expect((await running()).openRequests[0]?.ageMs).toBeGreaterThan(open.ageMs);
    } finally {
      process.kill(here.server.process.pid, 'SIGCONT');
    }
    await expect(hanging).resolves.toMatchObject({ code: 'ENOENT' });
    expect((await running()).openRequests).toEqual([]);
    await mount.unmount();
  });

  test('has a stack to tell at the log level debug only, and the mount goes on when it was told', async () => {
    const plan = here.place.plan(here.server.connection);
    const quiet = await startMount(plan, { foreground: true });
    await expect(stackOf(here.place.mountPoint)).rejects.toMatchObject({ kind: 'unsupported' });
    await quiet.unmount();
    const logFile = join(here.place.folder, 'mount.log');
    const config = {
      ...plan.config,
      log: { level: 'debug' as const },
      mount: { ...plan.config.mount, logFile },
    };
    const mount = await startMount({ ...plan, config }, { foreground: true });
    // The thread begins beside the mount.
    const told = await until('the stack', () => stackOf(here.place.mountPoint).catch(() => undefined));
    expect(told).toEqual('stack' in told ? { stack: expect.any(Array) as unknown } : { waitsMs: 1_000 });
    await fs.writeFile(here.place.at('after'), 'data');
    await mount.unmount();
    await expect(stackOf(here.place.mountPoint)).rejects.toMatchObject({ kind: 'usage' });
  });

  test('says dead of a mount whose daemon was killed, and silent of one that was stopped', async () => {
    const mount = await startMount(here.place.plan(here.server.connection), { foreground: true });
    process.kill(mount.pid, 'SIGSTOP');
    expect(await statusOf(here.place.mountPoint)).toMatchObject({ state: 'silent' });
    process.kill(mount.pid, 'SIGKILL');
    await mount.done.catch(() => undefined);
    expect(await statusOf(here.place.mountPoint)).toEqual({
      state: 'dead',
      mountPoint: here.place.mountPoint,
      source: `s3://${BUCKET}`,
    });
    await unmountDirectory(here.place.mountPoint);
  }, 90_000);

  test('of a plain directory is wrong use', async () => {
    await expect(statusOf(here.place.mountPoint)).rejects.toMatchObject({ kind: 'usage' });
  });
});
