import { Failure } from '../../errors/failure.js';
import type { RunningTarget, TargetDriver, TargetPlace } from './target.js';

/** One target at one place through its restarts: the directory under test stays the same. */
export class TargetSession {
  readonly driver: TargetDriver;
  readonly place: TargetPlace;
  private running: RunningTarget | undefined;

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

  async start(signal: AbortSignal): Promise<RunningTarget> {
    const before = this.running?.directory;
    this.running = await this.driver.start(this.place, signal);
    if (before !== undefined && before !== this.running.directory) {
      throw new Failure('internal', `The target ${this.driver.name} came back at another directory`);
    }
    return this.running;
  }

  /** Stops cleanly and starts again: nothing that the target kept in memory survives. */
  async remount(signal: AbortSignal): Promise<void> {
    await this.stop(signal);
    await this.start(signal);
  }

  /** Ends the target's process with SIGKILL and starts it again: what it kept in memory is gone. */
  async crash(signal: AbortSignal): Promise<void> {
    const { pid } = this.target;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await this.kill();
    await this.start(signal);
  }

  /** Ends a target that does not answer; `start` brings it back. */
  async kill(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    await running?.kill();
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
}
