import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { configSchema } from '../config/schema.js';
import { silentLog } from '../log/log.js';
import type { SuiteResult } from '../report/model.js';
import { runSuite } from './run-suite.js';
import { isAlive } from './processes.js';
import { directoryTarget } from './targets/directory.js';
import { TargetSession } from './targets/session.js';
import { suiteFile, writeSuite } from './testing/sample-suite.js';
import { temporaryRunPerTest } from './testing/temporary-run.js';

const run = temporaryRunPerTest();

/** Runs suite files with these bodies on a plain directory. */
async function runFiles(
  files: Readonly<Record<string, string>>,
  signal: AbortSignal = new AbortController().signal,
): Promise<SuiteResult> {
  const suiteFolder = await writeSuite(join(run.folder, 'suite'), files);
  const target = join(run.folder, 'target');
  await mkdir(target);
  const session = new TargetSession(await directoryTarget(target), {
    runId: run.scope.runId,
    folder: run.folder,
    config: configSchema.parse({}),
    record: run.scope.record,
  });
  await session.start(signal);
  return runSuite(
    {
      scope: run.scope,
      suite: 'sample',
      suiteFolder,
      label: 'sample',
      control: false,
      session,
      plan: {
        runId: run.scope.runId,
        suite: 'sample',
        target: 'dir',
        seed: 1,
        transfer: configSchema.parse({}).transfer,
        unmet: [],
        fixtures: [],
      },
      onEvent: () => undefined,
      log: silentLog,
      limits: { graceMs: 500, silenceMs: 20_000 },
    },
    signal,
  );
}

function statesOf(result: SuiteResult): Record<string, string> {
  return Object.fromEntries(result.cases.map((entry) => [entry.id, entry.state]));
}

describe('running a suite', () => {
  test('each case ends with one result, a failed one with its reason', async () => {
    const result = await runFiles({
      one: suiteFile('one', { good: '', bad: "throw new Error('told you')" }),
      two: suiteFile('two', { good: '' }),
    });
    expect(statesOf(result)).toEqual({ 'one/good': 'passed', 'one/bad': 'failed', 'two/good': 'passed' });
    expect(result.cases.find((entry) => entry.id === 'one/bad')?.reason).toContain('told you');
  });

  test('a case that throws before its first promise has failed', async () => {
    const body = 'throw new Error("at once")';
    const text = suiteFile('one', { sync: body }).replace('async run(', 'run(');
    const result = await runFiles({ one: text });
    expect(statesOf(result)).toEqual({ 'one/sync': 'failed' });
  });

  test('a case that blocks its process is hung in bounded time, and the cases after it are run', async () => {
    const startedMs = performance.now();
    const result = await runFiles({
      one: suiteFile('one', { first: '', blocks: 'for (;;);', after: '' }),
      two: suiteFile('two', { good: '' }),
    });
    expect(statesOf(result)).toEqual({
      'one/first': 'passed',
      'one/blocks': 'hung',
      'one/after': 'passed',
      'two/good': 'passed',
    });
    expect(performance.now() - startedMs).toBeLessThan(60_000);
  }, 90_000);

  test('a case that waits for ever is hung, and the cases after it are run', async () => {
    const result = await runFiles({
      one: suiteFile('one', { waits: 'await new Promise(() => undefined)', after: '' }),
    });
    expect(statesOf(result)).toEqual({ 'one/waits': 'hung', 'one/after': 'passed' });
  });

  test('a case that kills its process is broken with the signal, and the cases after it are run', async () => {
    const result = await runFiles({
      one: suiteFile('one', { dies: "process.kill(process.pid, 'SIGKILL'); for (;;);", after: '' }),
    });
    expect(statesOf(result)).toEqual({ 'one/dies': 'broken', 'one/after': 'passed' });
    expect(result.cases[0]?.reason).toContain('SIGKILL');
  });

  test('a case whose mapped file loses a page has failed, and the cases after it are run', async () => {
    const result = await runFiles({
      one: suiteFile('one', { dies: "process.kill(process.pid, 'SIGBUS'); for (;;);", after: '' }),
    });
    expect(statesOf(result)).toEqual({ 'one/dies': 'failed', 'one/after': 'passed' });
    expect(result.cases[0]?.reason).toContain('mapped file');
  });

  test('a file that can not be loaded is a broken case with the cause', async () => {
    const result = await runFiles({
      bad: "throw new Error('not today');",
      one: suiteFile('one', { good: '' }),
    });
    expect(statesOf(result)).toEqual({ 'bad/load': 'broken', 'one/good': 'passed' });
    expect(result.cases.find((entry) => entry.id === 'bad/load')?.reason).toContain('not today');
  });

  test('a target that hangs again and again is given up, and no case is lost', async () => {
    const bodies = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => [name, 'for (;;);']));
    const result = await runFiles({ one: suiteFile('one', bodies) });
    const states = statesOf(result);
    expect(Object.values(states).filter((state) => state === 'hung')).toHaveLength(5);
    expect(states).toMatchObject({ 'one/f': 'broken', 'one/g': 'broken', 'worker/given-up': 'broken' });
  }, 60_000);

  test('the signal ends the worker', async () => {
    const controller = new AbortController();
    const running = runFiles({ one: suiteFile('one', { waits: 'for (;;);' }) }, controller.signal);
    const stopped = expect(running).rejects.toThrow('stop');
    await untilStarted();
    controller.abort(new Error('stop'));
    await stopped;
    const [entry] = await run.ledger.runs();
    const worker = entry?.processes.find((process) => process.role === 'worker');
    expect(worker).toBeDefined();
    if (worker !== undefined) expect(await isAlive(worker.process)).toBe(false);
  });
});

async function untilStarted(): Promise<void> {
  for (;;) {
    const [entry] = await run.ledger.runs();
    if (entry?.processes.some((process) => process.role === 'worker') === true) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
