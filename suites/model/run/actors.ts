import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Step } from '../../../src/harness/api/index.js';
import type { Reply } from '../model/replies.js';

/** Processes that make the calls of a program. */
export const ACTORS = 2;

export type ActorRequest =
  | { readonly what: 'begin'; readonly root: string }
  | { readonly what: 'step'; readonly step: Step }
  | { readonly what: 'close-all' };

/** Who makes the calls of programs. */
export interface Callers {
  /** Forgets the slots; the next program works below `root`. */
  begin(root: string): Promise<void>;
  run(by: number, step: Step): Promise<Reply>;
  /** Closes all descriptors. */
  closeAll(): Promise<readonly Reply[]>;
}

/**
 * The processes of programs. A call that hangs hangs its process only: the case ends by its time limit, and the process
 * with the connection to this one.
 */
export class Actors implements Callers {
  readonly #children: readonly ChildProcess[];

  constructor() {
    const path = fileURLToPath(new URL('./actor.js', import.meta.url));
    this.#children = Array.from({ length: ACTORS }, () =>
      fork(path, { execArgv: [], serialization: 'advanced' }),
    );
  }

  async begin(root: string): Promise<void> {
    await Promise.all(this.#children.map((child) => ask(child, { what: 'begin', root })));
  }

  run(by: number, step: Step): Promise<Reply> {
    return ask(this.#child(by), { what: 'step', step });
  }

  async closeAll(): Promise<readonly Reply[]> {
    return Promise.all(this.#children.map((child) => ask(child, { what: 'close-all' })));
  }

  end(): void {
    for (const child of this.#children) if (child.connected) child.disconnect();
  }

  #child(by: number): ChildProcess {
    const child = this.#children[by % ACTORS];
    if (child === undefined) throw new Error('there are no processes');
    return child;
  }
}

function ask(child: ChildProcess, request: ActorRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onEnd = (): void => {
      reject(new Error('a process of the program has ended'));
    };
    child.once('exit', onEnd);
    child.once('message', (reply) => {
      child.off('exit', onEnd);
      resolve(reply as Reply); // actor.ts sends nothing else
    });
    child.send(request);
  });
}
