import { sharedSignal } from '../s3/shared-signal.js';
import type { Request } from './operations.js';

/** A request of a process. Its signal is made when somebody first looks: most never do, and it takes V8 several us. */
export class CallerRequest implements Request {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  #controller: AbortController | undefined;
  #isAborted = false;

  constructor({ uid, gid, pid }: Pick<Request, 'uid' | 'gid' | 'pid'>) {
    this.uid = uid;
    this.gid = gid;
    this.pid = pid;
  }

  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    if (this.#isAborted) controller.abort();
    // A listing asks for its entries side by side.
    return sharedSignal(controller.signal);
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}
