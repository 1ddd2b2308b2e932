import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile, statfs } from 'node:fs/promises';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { deadline } from '../../../errors/deadline.js';
import { Failure } from '../../../errors/failure.js';
import { mountAt, releaseCleanly, releaseHard } from '../../mounts.js';
import { endProcess, identifyProcess, type ProcessIdentity } from '../../processes.js';

/** How long a peer may take until its mount answers. */
const READY_LIMIT_MS = 30_000;

/** How long a peer may take to end after it was unmounted. */
const EXIT_LIMIT_MS = 10_000;

/** How long a peer may take to save what it has when it is told to end. */
const TERMINATE_LIMIT_MS = 45_000;

const POLL_MS = 20;

/** What of a peer's output goes into a message: enough to see the cause. */
const MOST_OUTPUT = 600;

export interface PeerStart {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly mountPoint: string;
  /** Gets all output; mode 0600. */
  readonly logFile: string;
  /** Texts that no message may show. */
  readonly secrets: readonly string[];
  /** Called as soon as the process exists. */
  readonly onProcess: (process: ProcessIdentity) => Promise<void>;
}

/** A peer in the foreground, as a child in a group of its own: Ctrl-C is the runner's to answer. */
export class PeerProcess {
  readonly #start: PeerStart;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #identity: ProcessIdentity | undefined;

  private constructor(start: PeerStart, child: ChildProcess) {
    this.#start = start;
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        resolve();
      });
      child.once('error', () => {
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * Starts it and waits until its mount answers.
   *
   * @throws Failure `not-connected` with the peer's last output where it ends or does not answer in 30 s; the signal's
   * reason when it fires. Then no process and no mount is left.
   */
  static async start(start: PeerStart, signal: AbortSignal): Promise<PeerProcess> {
    signal.throwIfAborted();
    const peer = new PeerProcess(start, await spawnLogged(start));
    try {
      peer.#identity = await identifyProcess(peer.pid);
      if (peer.#identity !== undefined) await start.onProcess(peer.#identity);
      await peer.#untilReady(signal);
      return peer;
    } catch (reason) {
      await peer.kill();
      signal.throwIfAborted();
      throw reason;
    }
  }

  /** @throws Failure `busy` where programs use the mount: then nothing has changed. */
  async stop(signal: AbortSignal): Promise<void> {
    await releaseCleanly(this.#start.mountPoint, signal);
    await Promise.race([this.#exited, delay(EXIT_LIMIT_MS, undefined, { ref: false, signal })]);
    if (this.#identity !== undefined) await endProcess(this.#identity);
  }

  /** @returns What it wrote last where it did not end as after an unmount; undefined: it did. */
  async terminate(signal: AbortSignal): Promise<string | undefined> {
    this.#child.kill('SIGTERM');
    await Promise.race([this.#exited, delay(TERMINATE_LIMIT_MS, undefined, { ref: false, signal })]);
    if (!this.#isGone()) return 'it did not end';
    if (this.#child.exitCode === 0) return undefined;
    return `it ended with ${this.#child.signalCode ?? `exit code ${this.#child.exitCode ?? 'unknown'}`}${await this.#lastWords()}`;
  }

  /** The connection first: nobody can wait for the process then, and the process for nobody. */
  async kill(): Promise<void> {
    const { mountPoint } = this.#start;
    await releaseHard(mountPoint).catch(() => undefined);
    if (this.#identity !== undefined) await endProcess(this.#identity, 0);
    await releaseHard(mountPoint).catch(() => undefined);
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const limit = deadline(READY_LIMIT_MS);
    const stopped = AbortSignal.any([signal, limit]);
    while (!this.#isGone() && !stopped.aborted) {
      if ((await mountAt(this.#start.mountPoint)) !== undefined && (await this.#answers(stopped))) return;
      await delay(POLL_MS);
    }
    signal.throwIfAborted();
    throw await this.#failure(
      limit.aborted ? 'its mount did not answer within 30 s' : 'it ended at its start',
    );
  }

  #isGone(): boolean {
    const { exitCode, signalCode, pid } = this.#child;
    return exitCode !== null || signalCode !== null || pid === undefined;
  }

  /** Some peers ask the store only after the mount is in the table, and end where it refuses them. */
  async #answers(stopped: AbortSignal): Promise<boolean> {
    const answer = statfs(this.#start.mountPoint).then(
      () => true,
      () => false,
    );
    const end = this.#exited.then(() => false);
    const interrupted = once(stopped, 'abort').then(() => false);
    return Promise.race([answer, end, interrupted]);
  }

  async #failure(what: string): Promise<Failure> {
    const { program } = this.#start;
    const said = await this.#lastWords();
    return new Failure('not-connected', `${program} could not be mounted, ${what}${said}`, {
      subject: this.#start.mountPoint,
      remedy: 'Run objectfs doctor to see whether this machine can mount',
    });
  }

  async #lastWords(): Promise<string> {
    const { logFile, secrets } = this.#start;
    const output = await readFile(logFile, 'utf8').catch(() => '');
    const shown = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), output).trim();
    return shown === '' ? '' : `: ${shown.slice(-MOST_OUTPUT)}`;
  }
}

async function spawnLogged(start: PeerStart): Promise<ChildProcess> {
  const log = await open(start.logFile, 'a', 0o600);
  try {
    return spawn(start.program, [...start.arguments], {
      cwd: '/', // a daemon holds no directory
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...bareEnvironment(), ...start.environment },
    });
  } finally {
    await log.close();
  }
}

/**
 * What a peer may know of the runner's environment: nothing of AWS, whose variables would turn a peer away from the
 * endpoint under test, or break it.
 */
export function bareEnvironment(): Record<string, string> {
  const kept = /^(PATH|LANG|LC_\w+|TZ|TMPDIR|SSL_CERT_(FILE|DIR)|(https?|no)_proxy)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && kept.test(name) ? [[name, value]] : [],
    ),
  );
}
