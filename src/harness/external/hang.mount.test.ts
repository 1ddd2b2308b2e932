import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configSchema } from '../../config/schema.js';
import { startEmulatorProcess } from '../../emulator/child.js';
import { deadline } from '../../errors/deadline.js';
import { createBucketAdmin } from '../../s3/admin.js';
import { provisionBucket } from '../buckets.js';
import { endpointName } from '../endpoint-name.js';
import { objectfsTarget } from '../targets/objectfs.js';
import { TargetSession } from '../targets/session.js';
import { describeMount } from '../testing/mount-tests.js';
import { temporaryRun } from '../testing/temporary-run.js';
import { runOutside, writeScripts } from './testing/outside-run.js';

const signal = new AbortController().signal;

describeMount('an outside program on a mount', () => {
  test('that stops answering is hung, its mount is aborted, and the next program is run on a new one', async () => {
    const run = await temporaryRun();
    const emulator = await startEmulatorProcess({}, signal);
    const { endpoint, region, credentials } = emulator;
    const connection = { endpoint, region, credentials, forcePathStyle: true };
    const admin = createBucketAdmin(connection);
    const place = { connection, name: endpointName(connection) };
    const bucket = await provisionBucket(run.scope, place, admin, 'external', signal);
    const folder = join(run.folder, 'place');
    await mkdir(folder);
    const store = { connection, bucket: bucket.name, prefix: '' };
    const target = { runId: run.scope.runId, folder, store, record: run.scope.record };
    const session = new TargetSession(objectfsTarget('0.0.0'), { ...target, config: configSchema.parse({}) });
    try {
      const { pid = 0 } = await session.start(signal);
      // The program itself is caught in a call on the mount, where SIGKILL does not reach it.
      const path = await writeScripts(run, {
        'a.t': `kill -STOP ${pid}; echo data > file; echo 1..1; echo ok`,
        'b.t': 'echo data > file; cat file; echo 1..1; echo ok',
      });
      await writeFile(join(session.target.directory, 'kept'), 'data');
      const wish = { kind: 'tap', path, limitMs: 3000 } as const;
      const hangFolder = join(run.folder, 'hangs');
      const { cases, left } = await runOutside(run, session, wish, { signal, hangFolder });
      expect(cases.map(({ id, state }) => [id, state])).toEqual([
        ['a', 'hung'],
        ['b', 'passed'],
      ]);
      expect(session.target.pid).not.toBe(pid);
      expect(left).toContain('kept');
      const dump: unknown = JSON.parse(await readFile(join(hangFolder, 'a.json'), 'utf8'));
      expect(dump).toMatchObject({ id: 'a', reason: 'It did not end within 3000 ms', daemon: { pid } });
      expect(dump).toHaveProperty('worker.threads.0.syscall', expect.stringMatching(/^\d+ /));
    } finally {
      await session.stop(deadline(60_000));
      expect((await bucket.remove()).proven).toBe(true);
      admin.close();
      await emulator.close();
      await run.remove();
    }
  }, 180_000);
});
