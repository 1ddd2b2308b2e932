import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { compiledModule } from '../../../config/paths.js';
import { deadline } from '../../../errors/deadline.js';
import type { Drift } from '../../../report/model.js';
import type { UnmetNeed } from '../../api/protocol.js';
import { probeAnswerSchema, type ProbeAnswer } from './answers.js';
import { driftOf } from './drift.js';

/** For all probes together: they take milliseconds on a mount that answers, seconds behind a slow link. */
const PROBE_LIMIT_MS = 30_000;

/** A killed process that hangs in the kernel is not waited for longer. */
const KILL_WAIT_MS = 1000;

export interface ProbeOptions {
  readonly directory: string;
  /** What the target is declared to lack. */
  readonly unmet: readonly UnmetNeed[];
  /** Called as soon as the process of the probes exists. */
  readonly onProcess: (pid: number) => Promise<void>;
  /** @defaultValue {@link PROBE_LIMIT_MS} */
  readonly limitMs?: number;
}

export interface ProbeResult {
  readonly drift: readonly Drift[];
  /** A call does not come back: the target is to be started anew before anybody else uses it. */
  readonly hangs: boolean;
}

/**
 * Asks a target by system calls for what its profile declares, in another process. What it finds is told and decides
 * nothing: a case that the profile leaves out stays left out.
 *
 * @throws the signal's reason when it fires; the process is gone then.
 */
export async function probeTarget(options: ProbeOptions, signal: AbortSignal): Promise<ProbeResult> {
  signal.throwIfAborted();
  const child = fork(compiledModule('src/harness/targets/probes/process.js'), [options.directory], {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  const closed = once(child, 'close').catch(() => undefined);
  const answers: ProbeAnswer[] = [];
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      answers.push(probeAnswerSchema.parse(JSON.parse(line)));
    });
  }
  if (child.pid !== undefined) await options.onProcess(child.pid);
  const limit = deadline(options.limitMs ?? PROBE_LIMIT_MS, signal);
  const hangs = await Promise.race([closed.then(() => false), aborted(limit)]);
  if (hangs) {
    child.kill('SIGKILL');
    await Promise.race([closed, delay(KILL_WAIT_MS, undefined, { ref: false })]);
  }
  signal.throwIfAborted();
  return { drift: driftOf(answers, options.unmet, child.exitCode === 0), hangs };
}

async function aborted(signal: AbortSignal): Promise<true> {
  if (!signal.aborted) await once(signal, 'abort');
  return true;
}
