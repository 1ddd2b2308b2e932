import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmulatorProcess } from '../emulator/child.js';
import { until } from '../mount/testing/mount-place.js';
import { codeOf } from './api/outcome.js';
import { describeMount } from './testing/mount-tests.js';
import { runMountedSuite } from './testing/mounted-suite.js';
import { suiteFile, writeSuite } from './testing/sample-suite.js';
import { temporaryRun } from './testing/temporary-run.js';
import type { TargetSession } from './targets/session.js';

const signal = new AbortController().signal;

/** What it waits for is the kernel's word, and differs. */
const aThread: unknown = expect.objectContaining({
  wchan: expect.any(String) as string,
  syscall: expect.any(String) as string,
});

const WRITES = "fs.writeFileSync(context.path('x'), 'data')";

/** Runs cases of one file on a mount; answers with how each ended, and how many daemons that took. */
async function runSample(
  cases: Readonly<Record<string, string>>,
  needs: readonly string[] = [],
  onMounted?: (session: TargetSession) => Promise<void>,
  callTimeoutMs?: number,
) {
  const run = await temporaryRun();
  const emulator = await startEmulatorProcess({}, signal);
  try {
    const { endpoint, region, credentials } = emulator;
    const file = suiteFile(
      'one',
      cases,
      callTimeoutMs === undefined ? 30_000 : 120_000,
      needs,
      callTimeoutMs,
    );
    const suiteFolder = await writeSuite(join(run.folder, 'suite'), { one: file });
    const { result } = await runMountedSuite(
      {
        scope: run.scope,
        suiteFolder,
        connection: { endpoint, region, credentials, forcePathStyle: true },
        limits: { graceMs: 5_000, silenceMs: 30_000 },
        ...(onMounted === undefined ? {} : { onMounted }),
      },
      signal,
    );
    const [entry] = await run.ledger.runs();
    return {
      ends: result.cases.map(({ id, state, reason }) => [id, state, reason]),
      daemons: entry?.processes.filter(({ role }) => role === 'daemon').length,
    };
  } finally {
    await emulator.close();
    await run.remove();
  }
}

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
        stack: expect.stringMatching(/^not readable: Nothing answers/) as string,
      });
      expect(cleanup.proven).toBe(true);
    } finally {
      await emulator.close();
      await run.remove();
    }
  }, 180_000);

  test('a call that does not return is told by its name and path long before the limit of its case', async () => {
    const startedMs = performance.now();
    const { ends } = await runSample(
      {
        // A lock that another program holds is waited for on purpose, and so is a pause.
        waits: `const lock = context.path('lock'); fs.writeFileSync(lock, '');
                const { execFileSync, spawn } = await import('node:child_process');
                const holder = spawn('flock', [lock, 'sh', '-c', 'echo held; exec sleep 4']);
                await new Promise((resolve) => holder.stdout.once('data', resolve));
                execFileSync('flock', [lock, 'true'])`,
        program: `const { execFile } = await import('node:child_process');
                  process.kill((await context.control.process()).pid, 'SIGSTOP');
                  await new Promise((resolve) => execFile('mkdir', [context.path('below')], resolve))`,
        after: WRITES,
      },
      [],
      undefined,
      2_000,
    );
    expect(ends).toEqual([
      ['one/waits', 'passed', undefined],
      ['one/program', 'hung', expect.stringMatching(/^mkdir\(".*\/below"\) has not returned for \d+\.\d s$/)],
      ['one/after', 'passed', undefined],
    ]);
    expect(performance.now() - startedMs).toBeLessThan(60_000);
  }, 180_000);

  test('of a daemon whose event loop runs in circles the dump tells where its code is, and no value', async () => {
    const run = await temporaryRun();
    const emulator = await startEmulatorProcess({}, signal);
    try {
      const { endpoint, region, credentials } = emulator;
      const planted = join(run.folder, 'switch');
      await writeFile(planted, '');
      const plants = `fs.writeFileSync('${planted}', 'mkdir-runs-in-circles')`;
      const body = `${plants}; await fs.promises.mkdir(context.path('x'))`;
      const suiteFolder = await writeSuite(join(run.folder, 'suite'), {
        one: suiteFile('one', { circles: body }, 1_000),
      });
      const { result } = await runMountedSuite(
        {
          scope: run.scope,
          suiteFolder,
          connection: { endpoint, region, credentials, forcePathStyle: true },
          limits: { graceMs: 500, silenceMs: 30_000 },
          hangFolder: join(run.folder, 'hangs'),
          planted,
        },
        signal,
      );
      expect(result.cases.map(({ id, state }) => [id, state])).toEqual([['one/circles', 'hung']]);
      const text = await readFile(join(run.folder, 'hangs', 'one.circles.json'), 'utf8');
      const { stack, mount } = JSON.parse(text) as {
        readonly stack: readonly string[];
        readonly mount: unknown;
      };
      expect(mount).toEqual(expect.objectContaining({ state: 'silent', stack }));
      expect(stack[0]).toMatch(/^runInCircles \(dist\/src\/planted\/hangs\.js:\d+:\d+\)$/);
      expect(stack.join()).toContain('dist/src/fuse/');
      expect(text).not.toContain(credentials.secretAccessKey);
    } finally {
      await emulator.close();
      await run.remove();
    }
  }, 120_000);

  test('a remount that a case asks for starts a new daemon and keeps the files', async () => {
    const body = `fs.writeFileSync(context.path('x'), 'data'); await context.control.remount();
      if (fs.readFileSync(context.path('x'), 'utf8') !== 'data') throw new Error('lost');`;
    const { ends, daemons } = await runSample({ remounts: body }, ['remount']);
    expect(ends).toEqual([['one/remounts', 'passed', undefined]]);
    expect(daemons).toBe(2);
  }, 90_000);

  test('a target that ends by itself in a case is started again, and the next case has a mount', async () => {
    const body = `const { pid } = await context.control.process(); process.kill(pid, 'SIGKILL');
      for (;;) try { fs.statSync(context.directory) } catch (reason) { if (reason.code === 'ENOTCONN') break; }`;
    const { ends } = await runSample({ ends: body, after: WRITES });
    expect(ends).toEqual([
      ['one/ends', 'passed', undefined],
      ['one/ends/clean-up', 'failed', 'The target had ended by itself, and was started again'],
      ['one/after', 'passed', undefined],
    ]);
  }, 90_000);

  test('a target that ended before a case has failed that case, and is started again', async () => {
    const { ends, daemons } = await runSample({ first: WRITES, after: WRITES }, [], async ({ target }) => {
      process.kill(target.pid ?? 0, 'SIGKILL');
      await until('the mount has lost its daemon', () =>
        stat(target.directory).then(
          () => undefined,
          (reason: unknown) => (codeOf(reason) === 'ENOTCONN' ? true : undefined),
        ),
      );
    });
    expect(ends).toEqual([
      ['one/first', 'failed', expect.stringMatching(/^The target ended by itself: ENOTCONN/) as string],
      ['one/after', 'passed', undefined],
    ]);
    expect(daemons).toBe(2);
  }, 90_000);
});
