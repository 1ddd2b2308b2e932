import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDying } from './dying.js';

/** A stopped process keeps its signals pending, as one does that waits for a file system. */
describe('a thread that a signal has come to', () => {
  let child: ChildProcess;

  async function stopped(script: string): Promise<number> {
    child = spawn('sh', ['-c', `${script}; echo ready; while :; do read line; done`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (child.stdout !== null) await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    const pid = child.pid ?? 0;
    while (!/^State:\s*T/m.test(await readFile(`/proc/${pid}/status`, 'latin1'))) await nextTurn();
    return pid;
  }
  afterEach(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });

  test('is dying by one that it does not handle', async () => {
    const pid = await stopped(':');
    expect(isDying(pid)).toBe(false);
    child.kill('SIGCHLD');
    expect(isDying(pid)).toBe(false);
    child.kill('SIGTERM');
    expect(isDying(pid)).toBe(true);
  });

  test('is not dying by one that it catches or ignores', async () => {
    const pid = await stopped('trap : USR1; trap "" TERM');
    child.kill('SIGUSR1');
    child.kill('SIGTERM');
    expect(isDying(pid)).toBe(false);
    child.kill('SIGUSR2');
    expect(isDying(pid)).toBe(true);
  });
});

test('a thread that is gone counts as dying, one of another pid namespace does not', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(isDying(child.pid ?? 0)).toBe(true);
  expect(isDying(0)).toBe(false);
});
