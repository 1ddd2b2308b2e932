import { rmdir } from 'node:fs/promises';
import { Failure } from '../../errors/failure.js';
import type { TargetSettings } from '../api/case.js';
import type { RunningTarget, TargetDriver, TargetPlace } from './target.js';

/** One target at one place through its restarts: the directory under test stays the same. */
export class TargetSession {
  readonly driver: TargetDriver;
  readonly place: TargetPlace;
  /** Of the next starts. */
  settings: TargetSettings | undefined;
  private running: RunningTarget | undefined;
  private changing: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  constructor(driver: TargetDriver, place: TargetPlace) {
    this.driver = driver;
    this.place = place;
  }

  /** @throws Failure `not-connected` where the target is not running. */
  get target(): RunningTarget {
    if (this.running === undefined) {
      throw new Failure('not-connected', `The target ${this.driver.name} is not running`);
    }
    return this.running;
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** Where a target is to be looked at, also one that does not answer; empty in the middle of a restart. */
  whereabouts(): { readonly daemonPid?: number | undefined; readonly mountPoint?: string | undefined } {
    return { daemonPid: this.running?.pid, mountPoint: this.running?.mountPoint };
  }

  async start(signal: AbortSignal): Promise<RunningTarget> {
    const before = this.running?.directory;
    const { place, settings } = this;
    this.running = await this.driver.start(settings === undefined ? place : { ...place, settings }, signal);
    if (before !== undefined && before !== this.running.directory) {
      throw new Failure('internal', `The target ${this.driver.name} came back at another directory`);
    }
    return this.running;
  }

  /** Stops cleanly and starts again: nothing that the target kept in memory survives. */
  async remount(signal: AbortSignal): Promise<void> {
    await this.change(signal, async (either) => {
      await this.stop(either);
      await this.start(either);
    });
  }

  /**
   * Ends the target's process with SIGKILL and starts it again: what it kept in memory is gone.
   *
   * @throws Failure `unsupported` where no process is known, `not-connected` where it has ended by itself: then nothing
   *   was shown of a crash.
   */
  async crash(signal: AbortSignal): Promise<void> {
    await this.change(signal, async (either) => {
      killAlive(this.driver.name, this.target.pid);
      await this.killRunning();
      await this.start(either);
    });
  }

  /**
   * Ends the target's process with SIGTERM, as the shutdown of a machine does, and starts it again.
   *
   * @returns What it said of data that it could not save; undefined: nothing.
   * @throws Failure `unsupported` where the target can not be ended so.
   */
  async terminate(signal: AbortSignal): Promise<string | undefined> {
    let said: string | undefined;
    await this.change(signal, async (either) => {
      const { target } = this;
      if (target.terminate === undefined) {
        throw new Failure('unsupported', `The process of the target ${this.driver.name} is not known`);
      }
      said = await target.terminate(either);
      await this.killRunning();
      await this.start(either);
    });
    return said;
  }

  /** Ends a target that does not answer, also in the middle of a restart; `start` brings it back. */
  async kill(): Promise<void> {
    this.changing?.abort.abort(new Failure('cancelled', 'The target is ended while it is started anew'));
    await this.changing?.done;
    await this.killRunning();
  }

  /** Ends the target, cleanly if it can be, in any case for good. @throws Failure where data could not be saved. */
  async stop(signal: AbortSignal): Promise<void> {
    const { running } = this;
    this.running = undefined;
    if (running === undefined) return;
    try {
      await running.stop(signal);
    } catch (reason) {
      await running.kill();
      throw reason;
    }
  }

  private async killRunning(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    await running?.kill();
  }

  /** One restart at a time, which `kill` can end. */
  private async change(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    const running = this.orBack(work, AbortSignal.any([signal, abort.signal]));
    this.changing = { abort, done: running.catch(() => undefined) };
    try {
      await running;
    } finally {
      this.changing = undefined;
    }
  }

  /**
   * A restart that fails half-way, as with data that could not be saved, leaves a plain directory where the mount was,
   * and there the next cases would pass for nothing. So the target is started after all, or the directory goes.
   */
  private async orBack(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const directory = this.running?.mountPoint;
    try {
      await work(signal);
    } catch (reason) {
      if (this.running === undefined && !signal.aborted) await this.start(signal).catch(() => undefined);
      // rmdir(2) takes an empty directory only, and no mount point.
      if (!this.isRunning && directory !== undefined) await rmdir(directory).catch(() => undefined);
      throw reason;
    }
  }
}

function killAlive(name: string, pid: number | undefined): void {
  if (pid === undefined) throw new Failure('unsupported', `The process of the target ${name} is not known`);
  try {
    process.kill(pid, 'SIGKILL');
  } catch (cause) {
    throw new Failure('not-connected', `The target ${name} had ended before it was to be killed`, { cause });
  }
}
