import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { startEmulatorProcess } from '../emulator/child.js';
import { describeMount } from '../harness/testing/mount-tests.js';
import { startMount, type RunningMount } from './start.js';
import { statusOf } from './status.js';
import {
  makeMountPlace,
  startTestServer,
  until,
  type MountPlace,
  type TestServer,
} from './testing/mount-place.js';

const LIMIT_MS = 3_000;
/** Beyond the limit: one look in half a second, and a busy machine. */
const SLACK_MS = 3_000;

describeMount('a mount whose store goes away', () => {
  let server: TestServer;
  let place: MountPlace;
  let mount: RunningMount;

  beforeEach(async () => {
    place = await makeMountPlace();
    server = await startTestServer({ dataDir: join(place.folder, 's3') });
    const plan = place.plan(server.connection, {
      operationTimeoutMs: LIMIT_MS,
      attributeTtlMs: 0,
      entryTtlMs: 0,
    });
    mount = await startMount(plan, { foreground: true });
    await fs.writeFile(place.at('before'), 'kept');
  });
  afterEach(async () => {
    await mount.unmount();
    await server.close();
    await place.remove();
  });

  /** Calls that are one operation each, no more at a time than Node's pool has threads: the longest time of one. */
  async function errorsOfAll(): Promise<{ readonly codes: readonly unknown[]; readonly tookMs: number }> {
    const limit = pLimit(4);
    const calls: readonly (() => Promise<unknown>)[] = [
      () => fs.stat(place.at('before')),
      () => fs.stat(place.at('missing')),
      () => fs.stat(place.at('missing')),
      () => fs.readdir(place.mountPoint),
      () => fs.mkdir(place.at('directory')),
      () => fs.truncate(place.at('before'), 1),
      () => fs.unlink(place.at('before')),
      () => fs.stat(place.at('other')),
    ];
    const timed = async (call: () => Promise<unknown>) => {
      const beganMs = performance.now();
      const code = await call().then(
        () => 'fulfilled',
        (reason: unknown) => (reason as NodeJS.ErrnoException).code,
      );
      return { code, tookMs: performance.now() - beganMs };
    };
    const results = await Promise.all(calls.map((call) => limit(() => timed(call))));
    return {
      codes: [...new Set(results.map(({ code }) => code))],
      tookMs: Math.max(...results.map(({ tookMs }) => tookMs)),
    };
  }

  test('that was killed: errors within the limit, then at once; after its restart all goes on without a remount', async () => {
    const port = Number(new URL(server.process.endpoint).port);
    const { credentials } = server.process;
    process.kill(server.process.pid, 'SIGKILL');
    const first = await errorsOfAll();
    expect(first.codes).toEqual(['EIO']);
    expect(first.tookMs).toBeLessThan(LIMIT_MS + SLACK_MS);
    await until('the outage', async () => {
      const status = await statusOf(place.mountPoint);
      const since = status.state === 'running' ? status.store.failingSince : undefined;
      return since !== undefined && Date.now() - Date.parse(since) > LIMIT_MS ? true : undefined;
    });
    const later = await errorsOfAll();
    expect(later.codes).toEqual(['EIO']);
    expect(later.tookMs).toBeLessThan(LIMIT_MS);
    const options = { port, credentials, dataDir: join(place.folder, 's3') };
    const again = await startEmulatorProcess(options, new AbortController().signal);
    try {
      await until('the answer', () => fs.stat(place.at('before')).catch(() => undefined));
      expect(await fs.readFile(place.at('before'), 'utf8')).toBe('kept');
      await fs.writeFile(place.at('after'), 'written');
      expect((await server.store.head('after')).sizeBytes).toBe(7);
      expect(await statusOf(place.mountPoint)).toMatchObject({
        store: { state: 'answering', lastFailure: { kind: 'unreachable' } },
      });
      await mount.unmount();
    } finally {
      await again.close();
    }
    mount = { ...mount, unmount: () => Promise.resolve() };
  }, 120_000);

  test('that hangs: no operation waits longer than the limit, and it goes on when the store does', async () => {
    process.kill(server.process.pid, 'SIGSTOP');
    try {
      const { codes, tookMs } = await errorsOfAll();
      expect(codes).toEqual(['EIO']);
      expect(tookMs).toBeLessThan(LIMIT_MS + SLACK_MS);
    } finally {
      process.kill(server.process.pid, 'SIGCONT');
    }
    await until('the answer', () => fs.stat(place.at('before')).catch(() => undefined));
    await fs.writeFile(place.at('after'), 'written');
  }, 120_000);
});
