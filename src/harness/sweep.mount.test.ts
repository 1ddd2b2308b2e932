import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { compiledModule } from '../config/paths.js';
import { startEmulatorProcess, type EmulatorProcess } from '../emulator/child.js';
import { createBucketAdmin } from '../s3/admin.js';
import type { S3Connection } from '../s3/connection.js';
import { Ledger, listLedger } from './ledger.js';
import type { RunEntry } from './ledger-line.js';
import { mountsBelow } from './mounts.js';
import { isAlive } from './processes.js';
import { sweep } from './sweep.js';
import { describeMount } from './testing/mount-tests.js';
import { suiteFile, writeSuite } from './testing/sample-suite.js';

const signal = new AbortController().signal;

describeMount('a runner that ends in the middle of a suite', () => {
  let folder: string;
  let emulator: EmulatorProcess;
  let connection: S3Connection;
  let ledger: Ledger;
  let runner: ChildProcess;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
    emulator = await startEmulatorProcess({}, signal);
    const { endpoint, region, credentials } = emulator;
    connection = { endpoint, region, credentials, forcePathStyle: true };
    ledger = new Ledger(join(folder, 'ledger.jsonl'));
    runner = await startRunner();
  }, 60_000);

  afterEach(async () => {
    if (runner.exitCode === null && runner.signalCode === null) {
      const ended = once(runner, 'exit');
      runner.kill('SIGKILL');
      await ended;
    }
    await sweep(connection, signal, ledger);
    await emulator.close();
    await rm(folder, { recursive: true });
  }, 60_000);

  /** A case holds a file open on the mount for a minute; resolves when it does. */
  async function startRunner(): Promise<ChildProcess> {
    const started = join(folder, 'started');
    const body = `fs.writeFileSync(context.path('x'), 'data'); fs.openSync(context.path('x'));
      fs.writeFileSync('${started}', ''); await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const suite = await writeSuite(join(folder, 'suite'), { one: suiteFile('one', { stays: body }, 90_000) });
    const argument = JSON.stringify({ folder: suite, ledger: ledger.path, connection });
    const main = compiledModule('src/harness/testing/runner.js');
    const child = spawn(process.execPath, [main, argument], { stdio: ['ignore', 'ignore', 'inherit'] });
    const deadline = performance.now() + 50_000;
    while (!existsSync(started)) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error('the runner did not start');
      await delay(50);
    }
    return child;
  }

  async function onlyRun(): Promise<RunEntry> {
    const [run] = await ledger.runs();
    if (run === undefined) throw new Error('the ledger is empty');
    return run;
  }

  async function expectNothingLeft(run: RunEntry): Promise<void> {
    for (const path of run.folders) {
      expect(await mountsBelow(path)).toEqual([]);
      expect(() => statSync(path)).toThrow('ENOENT');
    }
    for (const { role, process: identity } of run.processes) {
      expect([role, await isAlive(identity)]).toEqual([role, false]);
    }
    const admin = createBucketAdmin(connection);
    expect(await admin.listBuckets()).toEqual([]);
    admin.close();
    expect(await listLedger(ledger)).toEqual([]);
  }

  test('after kill -9 a sweep leaves no mount, process, bucket or folder', async () => {
    const run = await onlyRun();
    expect(run.buckets).toHaveLength(1);
    expect(run.processes.map((entry) => entry.role)).toEqual(['daemon', 'worker']);
    const ended = once(runner, 'exit');
    runner.kill('SIGKILL');
    await ended;
    const [swept] = await sweep(connection, signal, ledger);
    expect(swept).toMatchObject({ runId: run.runId, state: 'clean', left: [] });
    await expectNothingLeft(run);
  }, 60_000);

  test('a run whose runner is alive is not touched by a sweep', async () => {
    const run = await onlyRun();
    const [swept] = await sweep(connection, signal, ledger);
    expect(swept).toEqual({ runId: run.runId, state: 'running', done: [], left: [] });
    expect(await mountsBelow(run.folders[0] ?? '')).toHaveLength(1);
  }, 60_000);

  test('a sweep with a connection to another endpoint leaves the bucket in the ledger and says so', async () => {
    const ended = once(runner, 'exit');
    runner.kill('SIGKILL');
    await ended;
    const elsewhere = { ...connection, endpoint: 'http://127.0.0.1:9' };
    const [swept] = await sweep(elsewhere, signal, ledger);
    expect(swept?.state).toBe('left');
    expect(swept?.left.join()).toContain(`--endpoint ${emulator.endpoint}`);
    expect((await listLedger(ledger))[0]?.buckets[0]?.state).toBe('open');
  }, 60_000);

  test('SIGTERM unmounts, ends the processes and removes the bucket', async () => {
    const run = await onlyRun();
    const ended = once(runner, 'exit');
    runner.kill('SIGTERM');
    await ended;
    expect((await onlyRun()).state).toBe('closed');
    await expectNothingLeft(run);
  }, 60_000);
});
