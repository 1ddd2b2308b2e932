import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { compiledModule } from '../config/paths.js';
import { startEmulatorProcess, type EmulatorProcess } from '../emulator/child.js';
import type { S3Connection } from '../s3/connection.js';
import type { RunEntry } from './ledger-line.js';
import type { Ledger } from './ledger.js';
import { mountsBelow } from './mounts.js';
import { isAlive } from './processes.js';
import { sweep } from './sweep.js';
import { findProgram } from './targets/find-program.js';
import { reasonNotToMount } from './testing/mount-tests.js';
import { runMountedSuite } from './testing/mounted-suite.js';
import { suiteFile, writeSuite } from './testing/sample-suite.js';
import { temporaryRun, type TemporaryRun } from './testing/temporary-run.js';

const signal = new AbortController().signal;
const missing = new Set<string>();
for (const program of ['s3fs', 'rclone']) {
  if ((await findProgram([program])) === undefined) missing.add(program);
}

const NO_CLIENT = `const table = fs.readFileSync('/proc/self/mountinfo', 'utf8');
  if (/target-(s3fs|rclone)-/.test(table)) throw new Error('a client is still mounted');`;

describe.each(['s3fs', 'rclone'])('the client %s beside a target', (client) => {
  const reason = missing.has(client) ? `needs ${client}` : reasonNotToMount();
  const testHere = reason === undefined ? test : test.skip;
  const suffix = reason === undefined ? '' : ` (skipped: ${reason})`;
  const needs = ['remount', `${client}-client`];
  const mounted = `const root = await context.control.secondMount('${client}');`;
  let run: TemporaryRun;
  let emulator: EmulatorProcess;
  let connection: S3Connection;

  beforeEach(async () => {
    run = await temporaryRun();
    emulator = await startEmulatorProcess({}, signal);
    const { endpoint, region, credentials } = emulator;
    connection = { endpoint, region, credentials, forcePathStyle: true };
  }, 60_000);

  afterEach(async () => {
    // Of a test that failed.
    await sweep(connection, signal, run.ledger);
    await emulator.close();
    await run.remove();
  }, 60_000);

  testHere(
    `reads what the target wrote, and the target reads what it wrote, each after the other has gone${suffix}`,
    async () => {
      const body = `fs.writeFileSync(context.path('ours'), 'by the target');
        ${mounted}
        const seen = fs.readFileSync(root + '/ours', 'utf8');
        fs.writeFileSync(root + '/theirs', 'by the client');
        await context.control.endSecondMount();
        ${NO_CLIENT}
        await context.control.remount();
        const told = seen + ', ' + fs.readFileSync(context.path('theirs'), 'utf8');
        if (told !== 'by the target, by the client') throw new Error(told);`;
      expect(await statesOf({ one: suiteFile('one', { both: body }, 60_000, needs) })).toEqual({
        'one/both': 'passed',
      });
    },
    120_000,
  );

  testHere(
    `is unmounted and its process ended after a case that fails, one that hangs, and one that hangs on it${suffix}`,
    async () => {
      const stopped = `${mounted}
        const place = root.slice(0, root.lastIndexOf('/'));
        const isClient = (pid) => fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes(place);
        for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) {
          try { if (isClient(pid)) process.kill(Number(pid), 'SIGSTOP'); } catch {}
        }
        fs.readdirSync(root);`;
      const states = await statesOf({
        one: suiteFile(
          'one',
          { fails: `${mounted} throw new Error('on purpose')`, 'after-failure': NO_CLIENT },
          60_000,
          needs,
        ),
        two: suiteFile(
          'two',
          {
            hangs: `${mounted} await new Promise(() => undefined)`,
            'after-hang': NO_CLIENT,
            'hangs-on-it': stopped,
            'after-hang-on-it': NO_CLIENT,
          },
          6_000,
          needs,
        ),
      });
      expect(states).toEqual({
        'one/fails': 'failed',
        'one/after-failure': 'passed',
        'two/hangs': 'hung',
        'two/after-hang': 'passed',
        'two/hangs-on-it': 'hung',
        'two/after-hang-on-it': 'passed',
      });
      const [entry] = await run.ledger.runs();
      expect(entry?.mountPoints.filter((path) => path.includes(`target-${client}-`))).toHaveLength(3);
      await expectAllGone(entry);
    },
    180_000,
  );

  testHere(
    `is gone after SIGTERM to the runner, and after kill -9 with a sweep${suffix}`,
    async () => {
      for (const how of ['SIGTERM', 'SIGKILL'] as const) {
        const ledger = run.ledger;
        const runner = await startRunner(ledger, how);
        const ended = once(runner, 'exit');
        runner.kill(how);
        await ended;
        const entry = (await ledger.runs()).findLast(({ runId }) => runId !== run.scope.runId);
        const [, mountPoint = ''] = entry?.mountPoints ?? [];
        expect(mountPoint).toContain(`target-${client}-1`);
        if (how === 'SIGKILL') {
          expect(await mountsBelow(mountPoint)).toHaveLength(1);
          await sweep(connection, signal, ledger);
        }
        await expectAllGone(entry);
      }
    },
    180_000,
  );

  async function statesOf(files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const suiteFolder = await writeSuite(join(run.folder, 'suite'), files);
    const limits = { graceMs: 1_000, silenceMs: 60_000 };
    const { result } = await runMountedSuite({ scope: run.scope, suiteFolder, connection, limits }, signal);
    return Object.fromEntries(result.cases.map(({ id, state }) => [id, state]));
  }

  /** A case that stays for a minute with the client mounted; resolves when it is. */
  async function startRunner(ledger: Ledger, name: string): Promise<ChildProcess> {
    const started = join(run.folder, `started-${name}`);
    const body = `${mounted} fs.writeFileSync('${started}', root);
      await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const files = { one: suiteFile('one', { stays: body }, 90_000, needs) };
    const folder = await writeSuite(join(run.folder, name), files);
    const argument = JSON.stringify({ folder, ledger: ledger.path, connection });
    const main = compiledModule('src/harness/testing/runner.js');
    const child = spawn(process.execPath, [main, argument], { stdio: ['ignore', 'ignore', 'inherit'] });
    const deadline = performance.now() + 60_000;
    while (!existsSync(started)) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error('the runner did not start');
      await delay(50);
    }
    return child;
  }

  async function expectAllGone(entry: RunEntry | undefined): Promise<void> {
    for (const path of entry?.mountPoints ?? []) expect(await mountsBelow(path)).toEqual([]);
    const alive = await Promise.all((entry?.processes ?? []).map(({ process }) => isAlive(process)));
    expect(alive).not.toContain(true);
    expect(alive.length).toBeGreaterThan(2);
  }
});
