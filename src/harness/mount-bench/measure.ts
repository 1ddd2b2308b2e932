import { BenchChild } from '../../bench/child-process.js';
import { requestsBetween } from '../../bench/mounts/analyze.js';
import type {
  CheckResult,
  DriverJob,
  DriverStep,
  FromDriver,
  ToDriver,
} from '../../bench/mounts/driver-protocol.js';
import type { MountOutcome } from '../../bench/mounts/outcome.js';
import type { Workload } from '../../bench/mounts/workloads.js';
import { Failure } from '../../errors/failure.js';
import type { Log } from '../../log/log.js';
import type { Endpoint } from '../endpoint-wish.js';
import type { BenchTarget } from './bench-target.js';
import { watchProcess } from './process-usage.js';

/** A step that takes longer is a hang. */
const STEP_LIMIT_MS = 600_000;

export interface MeasureContext {
  readonly endpoint: Endpoint;
  readonly seed: number;
  /** On the local disk, the same for all targets. */
  readonly localFolder: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface RunPlace {
  readonly target: BenchTarget;
  readonly workload: Workload;
  readonly block: number;
  readonly order: number;
}

/** Runs workloads on targets by a driver process, which it starts anew after a hang. */
export class Measurer {
  readonly #context: MeasureContext;
  #driver: BenchChild<ToDriver, FromDriver> | undefined;
  /** Fixtures that are there: target and workload. */
  readonly #fixtures = new Set<string>();
  /** Why a target can not do a workload. */
  readonly #problems = new Map<string, string>();

  constructor(context: MeasureContext) {
    this.#context = context;
  }

  /** One run: prepared, mounted cold where that is wanted, timed, and compared after the clock has stopped. */
  async run(place: RunPlace): Promise<MountOutcome> {
    const key = `${place.target.driver.name} ${place.workload.id}`;
    const known = this.#problems.get(key);
    if (known !== undefined) return { kind: 'failed', reason: known };
    try {
      return await this.#measure(place, key);
    } catch (reason) {
      const { signal, log } = this.#context;
      signal.throwIfAborted();
      const { message } = Failure.from(reason);
      log.warn(
        { target: place.target.driver.name, workload: place.workload.id, err: reason },
        'not measured',
      );
      this.#problems.set(key, message);
      await this.#recover(place.target);
      return { kind: 'failed', reason: message };
    }
  }

  async stop(): Promise<void> {
    const driver = this.#driver;
    this.#driver = undefined;
    await driver?.stop();
  }

  async #measure(place: RunPlace, key: string): Promise<MountOutcome> {
    const { target, workload, block, order } = place;
    const { signal } = this.#context;
    const job = this.#job(place);
    if (!this.#fixtures.has(key)) {
      await this.#ask('fixture', { ...job, tag: 'fixture' });
      this.#fixtures.add(key);
    }
    await this.#ask('prepare', job);
    await target.settle(signal);
    if (workload.temperature !== 'warm') {
      await target.remount(workload.temperature === 'disk-cache', signal);
    }
    const { timed, ...facts } = await this.#timed(target, job);
    const checked = await this.#ask('check', job);
    if (checked.type !== 'checked') throw unexpected(checked);
    const verified = await this.#verify(place, checked.result);
    await this.#ask('discard', job);
    const { elapsedMs, bytes } = timed;
    const { requests, ...rest } = facts;
    const count = requests?.reduce((sum, entry) => sum + entry.count, 0);
    const sample = {
      ...{ block, order, elapsedMs, bytes, verified, ...rest },
      ...(count === undefined ? {} : { requests: count }),
    };
    return { kind: 'measured', sample, requests: requests ?? [] };
  }

  /** The counters are read when the bucket holds everything: a late upload is part of what the work costs. */
  async #timed(target: BenchTarget, job: DriverJob) {
    const { endpoint, signal } = this.#context;
    const isCounted = endpoint.kind === 'embedded' && target.driver.needsStore;
    const before = isCounted ? await endpoint.requestCounts() : undefined;
    const endWatch = target.pid === undefined ? undefined : await watchProcess(target.pid);
    const timed = await this.#ask('run', job);
    if (timed.type !== 'timed') throw unexpected(timed);
    const endedMs = performance.now();
    await target.settle(signal);
    const settleMs = performance.now() - endedMs;
    const usage = await endWatch?.();
    const requests =
      before === undefined ? undefined : requestsBetween(before, await endpoint.requestCounts());
    return { timed, settleMs, ...usage, requests };
  }

  async #verify({ target, workload, block }: RunPlace, result: CheckResult): Promise<boolean> {
    const { signal, log } = this.#context;
    const problem = await target.verify(result, signal);
    if (problem === undefined) return true;
    log.error({ target: target.driver.name, workload: workload.id, block, problem }, 'wrong result');
    return false;
  }

  #job({ target, workload, block, order }: RunPlace): DriverJob {
    const { seed, localFolder } = this.#context;
    return {
      workload: workload.name,
      amount: workload.amount,
      ...(workload.fio === undefined ? {} : { fio: workload.fio }),
      directory: target.directory,
      localFolder,
      seed,
      tag: `${workload.id.replace(/[^\w.-]+/g, '-')}-${block + 1}-${order}`,
    };
  }

  #ask(step: DriverStep, job: DriverJob): Promise<FromDriver> {
    const { signal, log } = this.#context;
    this.#driver ??= new BenchChild('src/bench/mounts/driver-process.js', signal, log);
    return this.#driver.ask({ step, job }, STEP_LIMIT_MS);
  }

  /** The target first: a driver in a system call on a hung mount ends only when the mount lets go of it. */
  async #recover(target: BenchTarget): Promise<void> {
    await target.kill();
    await this.stop();
    await target.revive(this.#context.signal);
  }
}

function unexpected(message: FromDriver): Failure {
  return new Failure('internal', `Unexpected ${message.type} from a driver`);
}
