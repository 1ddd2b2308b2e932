import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { ArmJob, ArmResult, ArmSettings, FromArm, ToArm } from './arm-protocol.js';
import { BenchChild } from './child-process.js';

/** A process that moves objects for one arm, one job at a time. */
export interface Arm {
  /** @throws Failure of the transfer; `timeout` where the process does not answer; `cancelled`. */
  run(job: ArmJob, timeoutMs: number): Promise<ArmResult>;
  /** Ends the process; returns when it is gone. Never throws. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;

/** Starts the process of an arm; returns when its modules are loaded. A cancelled `signal` kills it. */
export async function startArm(settings: ArmSettings, signal: AbortSignal, log: Log): Promise<Arm> {
  const child = new BenchChild<ToArm, FromArm>('src/bench/arm-process.js', signal, log);
  try {
    await child.ask({ type: 'start', settings }, START_TIMEOUT_MS);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    run: async (job, timeoutMs) => {
      const answer = await child.ask({ type: 'job', job }, timeoutMs);
      if (answer.type !== 'result') throw new Failure('internal', `Unexpected ${answer.type} from an arm`);
      return answer.result;
    },
    stop: () => child.stop(),
  };
}
