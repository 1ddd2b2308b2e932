import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmulatorProcess } from '../emulator/child.js';
import { describeMount } from './testing/mount-tests.js';
import { runMountedSuite } from './testing/mounted-suite.js';
import { suiteFile, writeSuite } from './testing/sample-suite.js';
import { temporaryRun } from './testing/temporary-run.js';

const signal = new AbortController().signal;

/** What it waits for is the kernel's word, and differs. */
const aThread: unknown = expect.objectContaining({
  wchan: expect.any(String) as string,
  syscall: expect.any(String) as string,
});

describeMount('a suite on a mount', () => {
  test('a daemon that stops answering makes a hung case in bounded time, and the rest is run on a new one', async () => {
    const run = await temporaryRun();
    const emulator = await startEmulatorProcess({}, signal);
    try {
      const { endpoint, region, credentials } = emulator;
      const suiteFolder = join(run.folder, 'suite');
      const { result, cleanup } = await runMountedSuite(
        {
          scope: run.scope,
          suiteFolder,
          connection: { endpoint, region, credentials, forcePathStyle: true },
          limits: { graceMs: 500, silenceMs: 30_000 },
          hangFolder: join(run.folder, 'hangs'),
          onMounted: async () => {
            const [entry] = await run.ledger.runs();
            const daemon = entry?.processes.find((process) => process.role === 'daemon')?.process.pid ?? 0;
            await writeSuite(suiteFolder, {
              one: suiteFile(
                'one',
                {
                  before: "fs.writeFileSync(context.path('x'), 'data')",
                  // Synchronous: the worker itself is caught in the call.
                  stops: `process.kill(${daemon}, 'SIGSTOP'); fs.writeFileSync(context.path('x'), 'data')`,
                  after: "fs.writeFileSync(context.path('x'), 'data')",
                },
                5_000,
              ),
            });
          },
        },
        signal,
      );
      const states = Object.fromEntries(result.cases.map((entry) => [entry.id, entry.state]));
      expect(states).toEqual({ 'one/before': 'passed', 'one/stops': 'hung', 'one/after': 'passed' });
      const dump: unknown = JSON.parse(await readFile(join(run.folder, 'hangs', 'one.stops.json'), 'utf8'));
      expect(dump).toMatchObject({
        id: 'one/stops',
        reason: expect.stringContaining('did not end within 5000 ms') as string,
        // SIGSTOP has stopped it.
        daemon: { status: expect.stringMatching(/^State:\tT/m) as string },
        worker: { threads: expect.arrayContaining([aThread]) as unknown[] },
        mount: { state: 'silent' },
      });
      expect(cleanup.proven).toBe(true);
    } finally {
      await emulator.close();
      await run.remove();
    }
  }, 180_000);

  test('a remount that a case asks for starts a new daemon and keeps the files', async () => {
    const run = await temporaryRun();
    const emulator = await startEmulatorProcess({}, signal);
    try {
      const { endpoint, region, credentials } = emulator;
      const body = `fs.writeFileSync(context.path('x'), 'data'); await context.control.remount();
        if (fs.readFileSync(context.path('x'), 'utf8') !== 'data') throw new Error('lost');`;
      const suiteFolder = await writeSuite(join(run.folder, 'suite'), {
        one: suiteFile('one', { remounts: body }, 30_000, ['remount']),
      });
      const { result } = await runMountedSuite(
        {
          scope: run.scope,
          suiteFolder,
          connection: { endpoint, region, credentials, forcePathStyle: true },
          limits: { graceMs: 5_000, silenceMs: 30_000 },
        },
        signal,
      );
      expect(result.cases.map((entry) => [entry.state, entry.reason])).toEqual([['passed', undefined]]);
      const [entry] = await run.ledger.runs();
      expect(entry?.processes.filter((process) => process.role === 'daemon')).toHaveLength(2);
    } finally {
      await emulator.close();
      await run.remove();
    }
  }, 90_000);

  test('a target that ends by itself in a case is started again, and the next case has a mount', async () => {
    const run = await temporaryRun();
    const emulator = await startEmulatorProcess({}, signal);
    try {
      const { endpoint, region, credentials } = emulator;
      const body = `const { pid } = await context.control.process(); process.kill(pid, 'SIGKILL');
        for (;;) try { fs.statSync(context.directory) } catch (reason) { if (reason.code === 'ENOTCONN') break; }`;
      const suiteFolder = await writeSuite(join(run.folder, 'suite'), {
        one: suiteFile('one', { ends: body, after: "fs.writeFileSync(context.path('x'), 'data')" }, 30_000),
      });
      const { result } = await runMountedSuite(
        {
          scope: run.scope,
          suiteFolder,
          connection: { endpoint, region, credentials, forcePathStyle: true },
          limits: { graceMs: 5_000, silenceMs: 30_000 },
        },
        signal,
      );
      expect(result.cases.map((entry) => [entry.id, entry.state, entry.reason])).toEqual([
        ['one/ends', 'passed', undefined],
        ['one/ends/clean-up', 'failed', 'The target had ended by itself, and was started again'],
        ['one/after', 'passed', undefined],
      ]);
    } finally {
      await emulator.close();
      await run.remove();
    }
  }, 90_000);
});
