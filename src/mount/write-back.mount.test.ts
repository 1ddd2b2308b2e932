import { open, readFile, writeFile } from 'node:fs/promises';
import { describeMount } from '../harness/testing/mount-tests.js';
import { startMount } from './start.js';
import { statusOf } from './status.js';
import { makeMountPlace, startTestServer, type MountPlace, type TestServer } from './testing/mount-place.js';

describeMount('a mount with write-back', () => {
  let server: TestServer;
  let place: MountPlace;

  beforeAll(async () => {
    server = await startTestServer();
    place = await makeMountPlace();
  });
  afterAll(async () => {
    await server.close();
    await place.remove();
  });

  test('that is killed after close has lost nothing: the next one uploads it', async () => {
    const plan = place.plan(server.connection, { writeBack: true });
    const mount = await startMount(plan, { foreground: true });
    await writeFile(place.at('first'), 'first');
    // A server that stands still: no upload can be done before the kill. The name is known to be free by then.
    await readFile(place.at('second')).catch(() => undefined);
    const file = await open(place.at('second'), 'w');
    await file.write('second');
    process.kill(server.process.pid, 'SIGSTOP');
    await file.close();
    const status = await statusOf(place.mountPoint);
    expect(status).toMatchObject({
      state: 'running',
      cache: { writeBackBytes: expect.any(Number) as number },
    });
    process.kill(mount.pid, 'SIGKILL');
    await mount.done.catch(() => undefined);
    process.kill(server.process.pid, 'SIGCONT');
    const next = await startMount(plan, { foreground: true });
    expect(await readFile(place.at('first'), 'utf8')).toBe('first');
    expect(await readFile(place.at('second'), 'utf8')).toBe('second');
    expect((await server.store.head('second')).sizeBytes).toBe(6);
    expect(await statusOf(place.mountPoint)).toMatchObject({ recovery: [] });
    await next.unmount();
    await next.done;
  }, 60_000);
});
