import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { compiledModule } from '../../config/paths.js';
import { Failure } from '../../errors/failure.js';
import type { CaseState } from '../../report/model.js';
import { caseAnswerSchema, type CaseAnswer, type CaseOrder, type CaseWork } from './case-messages.js';

/** Loading the suites takes a second; a machine under load gets more. */
const START_LIMIT_MS = 60_000;
/** A killed process that hangs in the kernel is not waited for longer. */
const KILL_WAIT_MS = 5_000;

export interface HostedOutcome {
  readonly state: CaseState;
  readonly reason?: string | undefined;
}

/** A process that runs cases on demand. */
export class CaseHost {
  readonly pid: number;
  readonly #child: ChildProcess;
  #take: ((answer: CaseAnswer | undefined) => void) | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.on('message', (message) => this.#take?.(caseAnswerSchema.parse(message)));
    child.once('exit', () => this.#take?.(undefined));
    child.once('error', () => this.#take?.(undefined));
  }

  /** @throws Failure `internal` where the process does not come up. */
  static async start(work: CaseWork): Promise<CaseHost> {
    const child = fork(compiledModule('src/harness/selftest/case-process.js'), [], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const host = new CaseHost(child);
    const answer = await host.#ask(work, START_LIMIT_MS);
    if (answer?.answer === 'ready') return host;
    await host.end();
    throw new Failure('internal', 'The process for cases did not come up');
  }

  /** One case; `hung` where neither an outcome nor the end of the process comes within the limit. */
  async run(order: CaseOrder, limitMs: number): Promise<HostedOutcome> {
    const answer = await this.#ask(order, limitMs);
    if (answer?.answer === 'outcome') return answer;
    const isAlive = this.#child.exitCode === null && this.#child.signalCode === null;
    return isAlive
      ? { state: 'hung', reason: `The case did not end within ${limitMs} ms` }
      : { state: 'broken', reason: 'The process of the case died' };
  }

  /** Sends SIGKILL, and does not wait for the end that it makes. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends the process, whatever it does. */
  async end(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    this.kill();
    await Promise.race([ended, delay(KILL_WAIT_MS, undefined, { ref: false })]);
  }

  #ask(message: CaseWork | CaseOrder, limitMs: number): Promise<CaseAnswer | undefined> {
    return new Promise((resolve) => {
      const settle = (answer: CaseAnswer | undefined): void => {
        clearTimeout(timer);
        this.#take = undefined;
        resolve(answer);
      };
      const timer = setTimeout(settle, limitMs, undefined);
      this.#take = settle;
      if (this.#child.connected) this.#child.send(message);
      else settle(undefined);
    });
  }
}
