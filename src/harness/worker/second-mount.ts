import { mkdir } from 'node:fs/promises';
import { deadline } from '../../errors/deadline.js';
import { Failure } from '../../errors/failure.js';
import type { OtherClient } from '../api/case.js';
import { clientDriver } from '../targets/peers/clients.js';
import { TargetSession } from '../targets/session.js';

/** One that does not stop within this time is ended the hard way. */
const STOP_LIMIT_MS = 30_000;

interface Running {
  /** Absent: the target's own program. */
  readonly client: OtherClient | undefined;
  readonly session: TargetSession;
}

/**
 * The one mount beside the target's that a case may have, of the same bucket: by the target's own program, or by another
 * client. Its mount point and process stand in the ledger before it answers.
 */
export class SecondMount {
  readonly #first: TargetSession;
  #running: Running | undefined;
  #changing: { readonly abort: AbortController; readonly ended: Promise<unknown> } | undefined;
  #clientStarts = 0;

  constructor(first: TargetSession) {
    this.#first = first;
  }

  /** Its root. What is there already stays; one of another client is ended first. */
  async root(client: OtherClient | undefined, signal: AbortSignal): Promise<string> {
    if (this.#running !== undefined && this.#running.client !== client) await this.stop();
    if (this.#running === undefined) await this.#change(signal, (either) => this.#start(client, either));
    if (this.#running === undefined) throw new Failure('cancelled', 'The second mount has been given up');
    return this.#running.session.target.directory;
  }

  /** Ends it; none is success. @throws Failure where something that was written there could not be saved. */
  async stop(): Promise<void> {
    await this.#change(deadline(STOP_LIMIT_MS), async (either) => {
      const running = this.#running;
      this.#running = undefined;
      await running?.session.stop(either);
    });
  }

  /** Ends it in bounded time, also in the middle of a start or stop and where it does not answer; never throws. */
  async kill(): Promise<void> {
    this.#changing?.abort.abort(new Failure('cancelled', 'The second mount is ended with its case'));
    await this.#changing?.ended;
    const running = this.#running;
    this.#running = undefined;
    await running?.session.kill();
  }

  async #start(client: OtherClient | undefined, signal: AbortSignal): Promise<void> {
    const { driver, place } = this.#first;
    const folder = `${place.folder}-${client === undefined ? 'second' : this.#clientFolder(client)}`;
    await mkdir(folder, { recursive: true, mode: 0o711 });
    const own = client === undefined ? driver : await clientDriver(client);
    const session = new TargetSession(own, { ...place, folder });
    await session.start(signal);
    this.#running = { client, session };
  }

  /** A new one each time: what a client kept on the local disk is not what the bucket holds. */
  #clientFolder(client: OtherClient): string {
    this.#clientStarts += 1;
    return `${client}-${this.#clientStarts}`;
  }

  /** One start or stop at a time, which `kill` can end. */
  async #change(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    const change = work(AbortSignal.any([signal, abort.signal]));
    this.#changing = { abort, ended: change.catch(() => undefined) };
    try {
      await change;
    } finally {
      this.#changing = undefined;
    }
  }
}
