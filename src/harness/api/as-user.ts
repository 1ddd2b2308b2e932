import { spawn, type ChildProcess } from 'node:child_process';

/** uid and gid of `nobody`, which owns nothing. */
export const NOBODY = 65_534;

/** A call of `node:fs` by name, without its `Sync`: `['open', path, flags]`. Its arguments are JSON values. */
export type FsCall = readonly [name: string, ...args: readonly (string | number | null)[]];

/**
 * Runs in the child: calls, made in order, are answered with `ok` or the errno name of each. A descriptor that `open` gave
 * is closed. The child ends with its channel, and so with this process.
 */
const CHILD_SCRIPT = `
const fs = require('fs');
process.umask(0o022);
const answer = ([name, ...args]) => {
  try {
    const result = fs[name + 'Sync'](...args);
    if (name === 'open') fs.closeSync(result);
    return 'ok';
  } catch (error) {
    return error.code ?? String(error);
  }
};
process.on('message', (calls) => process.send(calls.map(answer)));
`;

/** A process of another user: it stays for further calls, for starting one takes longer than most cases. */
class UserProcess {
  readonly #child: ChildProcess;
  #turn: Promise<unknown> = Promise.resolve();
  #take: ((answers: readonly string[] | undefined) => void) | undefined;
  #hasEnded = false;

  constructor(uid: number, gid: number) {
    this.#child = spawn(process.execPath, ['-e', CHILD_SCRIPT], {
      uid,
      gid,
      cwd: '/',
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // The script above sends arrays of strings and nothing else.
    this.#child.on('message', (message) => this.#take?.(message as readonly string[]));
    const end = (): void => {
      this.#hasEnded = true;
      this.#take?.(undefined);
    };
    this.#child.once('error', end);
    this.#child.once('exit', end);
  }

  get hasEnded(): boolean {
    return this.#hasEnded || !this.#child.connected;
  }

  /** @throws the signal's reason when it fires: the process is killed then, for it may hang in a call. */
  ask(calls: readonly FsCall[], signal: AbortSignal | undefined): Promise<readonly string[]> {
    const asked = this.#turn.then(() => this.#askNow(calls, signal));
    this.#turn = asked.catch(() => undefined);
    return asked;
  }

  async #askNow(calls: readonly FsCall[], signal: AbortSignal | undefined): Promise<readonly string[]> {
    signal?.throwIfAborted();
    const kill = (): void => {
      this.#hasEnded = true;
      this.#child.kill('SIGKILL');
      this.#take?.(undefined);
    };
    signal?.addEventListener('abort', kill, { once: true });
    try {
      const answers = await new Promise<readonly string[] | undefined>((resolve) => {
        this.#take = resolve;
        if (this.hasEnded) resolve(undefined);
        else this.#child.send([...calls], () => undefined); // where it died on the way, its exit tells
      });
      signal?.throwIfAborted();
      if (answers !== undefined) return answers;
      throw new Error('The process that makes calls as another user has ended');
    } finally {
      this.#take = undefined;
      signal?.removeEventListener('abort', kill);
    }
  }
}

const processes = new Map<string, UserProcess>();

/**
 * Makes the calls as another user, with no supplementary groups and no capabilities, in a child process. Needs root.
 *
 * @param calls - Made in order.
 * @param options - Who asks, and the case's signal. @defaultValue user and group {@link NOBODY}.
 * @returns `ok` or the errno name of each call.
 * @throws Error where the child can not be started.
 */
export async function callsAsUser(
  calls: readonly FsCall[],
  options: { readonly uid?: number; readonly gid?: number; readonly signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  const { uid = NOBODY, gid = NOBODY, signal } = options;
  const who = `${uid}:${gid}`;
  const known = processes.get(who);
  const process = known === undefined || known.hasEnded ? new UserProcess(uid, gid) : known;
  processes.set(who, process);
  return process.ask(calls, signal);
}
