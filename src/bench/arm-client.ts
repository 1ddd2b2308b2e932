import { fork, type ChildProcess } from 'node:child_process';
import { compiledModule } from '../config/paths.js';
import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { ArmJob, ArmResult, ArmSettings, FromArm, ToArm } from './arm-protocol.js';

/** A process that moves objects for one arm, one job at a time. */
export interface Arm {
  /** @throws Failure of the transfer; `timeout` where the process does not answer; `cancelled`. */
  run(job: ArmJob, timeoutMs: number): Promise<ArmResult>;
  /** Ends the process; returns when it is gone. Never throws. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 2000;

/** Starts the process of an arm; returns when its modules are loaded. A cancelled `signal` kills it. */
export async function startArm(settings: ArmSettings, signal: AbortSignal, log: Log): Promise<Arm> {
  signal.throwIfAborted();
  const child = fork(compiledModule('src/bench/arm-process.js'), [], {
    // A group of its own: Ctrl-C is this process's to answer. The end of the channel ends it.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log.debug({ arm: settings.transporter }, text.trimEnd());
  });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  child.once('exit', () => {
    signal.removeEventListener('abort', kill);
  });
  const ask = (message: ToArm, timeoutMs: number) => exchange(child, message, timeoutMs, signal);
  try {
    await ask({ type: 'start', settings }, START_TIMEOUT_MS);
  } catch (error) {
    await stopChild(child);
    throw error;
  }
  return {
    run: async (job, timeoutMs) => {
      const answer = await ask({ type: 'job', job }, timeoutMs);
      if (answer.type !== 'result') throw new Failure('internal', `Unexpected ${answer.type} from an arm`);
      return answer.result;
    },
    stop: () => stopChild(child),
  };
}

/** Sends one message and waits for its answer. */
async function exchange(
  child: ChildProcess,
  message: ToArm,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<FromArm> {
  const answer = await nextMessage(child, timeoutMs, signal, () => child.send(message));
  if (answer.type !== 'failure') return answer;
  throw new Failure(
    answer.kind,
    answer.message,
    answer.remedy === undefined ? {} : { remedy: answer.remedy },
  );
}

/** Waits for a message, for the end of the process, or for the limit, which ends the process. */
function nextMessage(
  child: ChildProcess,
  timeoutMs: number,
  signal: AbortSignal,
  send: () => void,
): Promise<FromArm> {
  return new Promise<FromArm>((resolve, reject) => {
    const stopListening = () => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', fail);
    };
    const fail = (failure: Error) => {
      stopListening();
      reject(Failure.from(failure));
    };
    const onMessage = (received: unknown) => {
      stopListening();
      // Both ends are this package: the shape is the protocol's.
      resolve(received as FromArm);
    };
    const onExit = (code: number | null, killedBy: string | null) => {
      fail(endedFailure(signal, code, killedBy));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(new Failure('timeout', `A benchmark process did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    child.on('message', onMessage).on('exit', onExit).on('error', fail);
    send();
  });
}

function endedFailure(signal: AbortSignal, code: number | null, killedBy: string | null): Failure {
  if (signal.aborted) return new Failure('cancelled', 'The benchmark was cancelled');
  return new Failure('internal', `A benchmark process ended (${killedBy ?? `exit code ${String(code)}`})`, {
    remedy: 'Run again with --log-level debug to see what it wrote; out of memory is the usual cause',
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}
