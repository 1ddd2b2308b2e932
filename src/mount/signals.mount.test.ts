import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { describeMount } from '../harness/testing/mount-tests.js';
import { statusOf } from './status.js';
import { startMount } from './start.js';
import { startTestServer, until, serverAndPlaces } from './testing/mount-place.js';

describeMount('signals to a mount daemon', () => {
  const here = serverAndPlaces();

  const logged = async (path: string): Promise<string> => fs.readFile(path, 'utf8').catch(() => '');

  test('SIGHUP goes on in a file of the same name after the old one was moved away; SIGUSR1 dumps the state there', async () => {
    const logFile = join(here.place.folder, 'mount.log');
    const plan = here.place.plan(here.server.connection, { logFile });
    const loud = { ...plan, config: { ...plan.config, log: { level: 'info' as const } } };
    const mount = await startMount(loud, { foreground: true });
    expect(mount.logFile).toBe(logFile);
    expect(await logged(logFile)).toContain('"mounted"');
    expect((await fs.stat(logFile)).mode & 0o777).toBe(0o600);
    await fs.rename(logFile, `${logFile}.1`);
    process.kill(mount.pid, 'SIGHUP');
    await until('the new file', async () =>
      (await logged(logFile)).includes('opened anew') ? true : undefined,
    );
    const open = await fs.open(here.place.at('open'), 'w');
    await open.write('unsaved');
    process.kill(mount.pid, 'SIGUSR1');
    const line = await until('the state', async () =>
      (await logged(logFile)).split('\n').find((text) => text.includes('"msg":"state"')),
    );
    expect(JSON.parse(line)).toMatchObject({
      status: { state: 'running', logFile, files: { dirtyFiles: 1, dirtyBytes: 7 }, cache: {} },
    });
    expect(await statusOf(here.place.mountPoint)).toMatchObject({ logFile });
    await open.close();
    await mount.unmount();
    expect(await logged(logFile)).toContain('all data saved');
    expect(await logged(`${logFile}.1`)).not.toContain('all data saved');
  });

  test('a log file that can not be written is wrong use', async () => {
    const plan = here.place.plan(here.server.connection, { logFile: '/proc/no/such.log' });
    await expect(startMount(plan, { foreground: true })).rejects.toMatchObject({
      kind: 'usage',
      remedy: expect.stringContaining('--log-file') as string,
    });
  });

  test('SIGTERM with unsaved data and a dead store ends in bounded time, and says what is kept where', async () => {
    const own = await startTestServer();
    const mount = await startMount(here.place.plan(own.connection, { operationTimeoutMs: 2_000 }), {
      foreground: true,
    });
    const file = await fs.open(here.place.at('unsaved'), 'w');
    await file.write('precious');
    process.kill(own.process.pid, 'SIGKILL');
    const beganMs = performance.now();
    process.kill(mount.pid, 'SIGTERM');
    const failure: unknown = await mount.done.catch((reason: unknown) => reason);
    expect(performance.now() - beganMs).toBeLessThan(25_000);
    await file.close().catch(() => undefined);
    const { message } = failure as Error;
    expect(message).toMatch(/Not everything could be saved: unsaved could not be saved .*its bytes are in /);
    const kept = /its bytes are in (\S+)$/.exec(message)?.[1] ?? '';
    expect(await fs.readFile(kept, 'utf8')).toBe('precious');
    await own.close();
  }, 60_000);
});
