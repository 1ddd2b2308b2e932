import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TargetSession } from './session.js';
import type { RunningTarget, TargetDriver, TargetPlace } from './target.js';
import { NOWHERE } from './testing/nowhere.js';

/** A target that is there once only, as a mount point is, and whose start can be made to stand still. */
class SlowDriver implements TargetDriver {
  readonly name = 'slow';
  readonly version = '1';
  readonly needsStore = false;
  readonly unmet = [];
  readonly quirks = [];
  stands = false;
  pid: number | undefined;
  says: string | undefined;
  directory = '/nowhere';
  /** Its data can not be saved. */
  stopFails = false;
  startFails = false;
  readonly log: string[] = [];
  #isThere = false;
  #onStart: () => void = () => undefined;
  readonly started = new Promise<void>((resolve) => (this.#onStart = resolve));

  async start(_place: TargetPlace, signal: AbortSignal): Promise<RunningTarget> {
    if (this.#isThere) throw new Error('is there already');
    if (this.startFails) throw new Error('does not come up');
    this.#isThere = true;
    try {
      if (this.stands) await this.#untilAborted(signal);
    } catch (reason) {
      this.#isThere = false;
      this.log.push('start ended');
      throw reason;
    }
    this.log.push('started');
    const gone = (how: string) => (): Promise<void> => {
      this.#isThere = false;
      this.log.push(how);
      return Promise.resolve();
    };
    const process = this.pid === undefined ? {} : { pid: this.pid };
    const { says } = this;
    const terminate = async (): Promise<string | undefined> => {
      await gone('terminated')();
      return says;
    };
    const { directory } = this;
    return {
      directory,
      mountPoint: directory,
      ...process,
      ...(says === undefined ? {} : { terminate }),
      stop: () => (this.stopFails ? Promise.reject(new Error('data is not saved')) : gone('stopped')()),
      kill: gone('killed'),
    };
  }

  #untilAborted(signal: AbortSignal): Promise<never> {
    this.#onStart();
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error); // what an AbortSignal gives
      });
    });
  }
}

test('a target that is killed while it is started anew is started once more, not twice', async () => {
  const driver = new SlowDriver();
  const session = new TargetSession(driver, NOWHERE);
  const { signal } = new AbortController();
  await session.start(signal);
  driver.stands = true;
  const remount = session.remount(signal);
  await driver.started;
  await session.kill();
  await expect(remount).rejects.toMatchObject({ kind: 'cancelled' });
  driver.stands = false;
  await session.start(signal);
  expect(driver.log).toEqual(['started', 'stopped', 'start ended', 'started']);
  await session.kill();
  expect(driver.log.at(-1)).toBe('killed');
});

test('a crash kills a process that lives; of one that has ended, or that is not known, it shows nothing', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const driver = new SlowDriver();
  driver.pid = child.pid;
  const session = new TargetSession(driver, NOWHERE);
  const { signal } = new AbortController();
  await session.start(signal);
  await session.crash(signal);
  expect(await ended).toEqual([null, 'SIGKILL']);
  await expect(session.crash(signal)).rejects.toMatchObject({ kind: 'not-connected' });
  driver.pid = undefined;
  await session.remount(signal);
  await expect(session.crash(signal)).rejects.toMatchObject({ kind: 'unsupported' });
});

test('a target that is terminated is started again, and what it said of unsaved data is told', async () => {
  const driver = new SlowDriver();
  const session = new TargetSession(driver, NOWHERE);
  const { signal } = new AbortController();
  await session.start(signal);
  await expect(session.terminate(signal)).rejects.toMatchObject({ kind: 'unsupported' });
  driver.says = 'a file is lost';
  await session.remount(signal);
  expect(await session.terminate(signal)).toBe('a file is lost');
  expect(driver.log.slice(-3)).toEqual(['terminated', 'killed', 'started']);
});

test('a target that can not save at a remount is there again, so that the next case meets no plain directory', async () => {
  const driver = new SlowDriver();
  const session = new TargetSession(driver, NOWHERE);
  const { signal } = new AbortController();
  await session.start(signal);
  driver.stopFails = true;
  await expect(session.remount(signal)).rejects.toThrow('data is not saved');
  expect(driver.log).toEqual(['started', 'killed', 'started']);
  expect(session.isRunning).toBe(true);
});

test('where a target does not come back after a remount, its mount point is gone too', async () => {
  const driver = new SlowDriver();
  driver.directory = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
  const session = new TargetSession(driver, NOWHERE);
  const { signal } = new AbortController();
  await session.start(signal);
  driver.startFails = true;
  await expect(session.remount(signal)).rejects.toThrow('does not come up');
  expect(session.isRunning).toBe(false);
  await expect(stat(driver.directory)).rejects.toMatchObject({ code: 'ENOENT' });
});
