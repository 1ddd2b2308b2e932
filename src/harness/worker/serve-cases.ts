import { readFile } from 'node:fs/promises';
import { deadline } from '../../errors/deadline.js';
import { Failure } from '../../errors/failure.js';
import type { OtherClient, TargetSettings } from '../api/case.js';
import type { ControlAnswer, ControlRequest } from '../api/protocol.js';
import type { ServerControl } from '../endpoint-wish.js';
import { writeProfile } from '../targets/profile-files.js';
import { RESTART_LIMIT_MS, reviveTarget } from '../targets/revive.js';
import type { TargetSession } from '../targets/session.js';
import { startControlServer } from './control-server.js';
import { SecondMount } from './second-mount.js';

/** What has more to answer than that it was done. */
interface Question {
  readonly request: 'terminate' | 'process' | 'fault-counts' | 'counts' | 'cache-counters' | 'second-mount';
}

/** What cases can ask for while they run: their target anew, a second one, and the server to fail. */
export class CaseService {
  readonly socket: string;
  readonly #session: TargetSession;
  readonly #server: ServerControl | undefined;
  readonly #signal: AbortSignal;
  readonly #second: SecondMount;
  #closeSocket: () => Promise<void> = () => Promise.resolve();

  private constructor(
    socket: string,
    session: TargetSession,
    server: ServerControl | undefined,
    signal: AbortSignal,
  ) {
    this.socket = socket;
    this.#session = session;
    this.#server = server;
    this.#signal = signal;
    this.#second = new SecondMount(session);
  }

  /**
   * @param socket - Where cases ask.
   * @param server - Of the embedded server; absent where another one stands behind the target.
   */
  static async start(
    socket: string,
    session: TargetSession,
    server: ServerControl | undefined,
    signal: AbortSignal,
  ): Promise<CaseService> {
    const service = new CaseService(socket, session, server, signal);
    const control = await startControlServer(socket, (request) => service.#answer(request));
    service.#closeSocket = () => control.close();
    return service;
  }

  /** After a hang, before the target is started anew: whatever a case has changed does not count any more. */
  async abandon(): Promise<void> {
    this.#session.settings = undefined;
    await this.#second.kill();
    await this.#mendServer();
  }

  async close(): Promise<void> {
    await this.#closeSocket();
    await this.#mendServer().catch(() => undefined);
    await this.#second.kill();
  }

  async #answer(asked: ControlRequest): Promise<ControlAnswer> {
    switch (asked.request) {
      case 'counts':
        return this.#server === undefined ? {} : { counts: await this.#server.requestCounts() };
      case 'cache-counters':
        return { cache: await cacheOf(this.#session) };
      case 'fault-counts':
        return { faults: await this.#told().faultCounts() };
      case 'process':
        return { process: await factsOf(this.#session.target.pid) };
      case 'second-mount':
        return { roots: await this.#roots(asked.client) };
      case 'terminate': {
        const said = await this.#session.terminate(this.#restartLimit());
        return said === undefined ? {} : { said };
      }
      default:
        await this.#carryOut(asked);
        return {};
    }
  }

  async #carryOut(asked: Exclude<ControlRequest, Question>): Promise<void> {
    switch (asked.request) {
      case 'set-faults':
        return this.#told().setFaults(asked.rules);
      case 'set-reachable':
        return this.#told().setReachable(asked.isReachable);
      case 'end-second-mount':
        return this.#second.stop();
      case 'put-back':
        return this.#putBack();
      case 'revive':
        return this.#revive();
      case 'rotate-credentials':
        return this.#rotateCredentials();
      case 'remount':
        return this.#remount(asked.settings);
      case 'crash':
        return this.#session.crash(this.#restartLimit());
    }
  }

  async #putBack(): Promise<void> {
    await this.#endOutage();
    // What could not be saved there is the case's to find out.
    await this.#second.stop().catch(() => undefined);
    // What the target has not saved yet it saves with the keys that it has.
    if (this.#session.settings !== undefined) await this.#remount(undefined);
    await this.#server?.setGuest(undefined);
  }

  async #endOutage(): Promise<void> {
    await this.#server?.setReachable(true);
    await this.#server?.setFaults(undefined);
  }

  async #mendServer(): Promise<void> {
    await this.#endOutage();
    await this.#server?.setGuest(undefined);
  }

  async #remount(settings: TargetSettings | undefined): Promise<void> {
    this.#session.settings = settings;
    if (settings?.credentials !== undefined) await this.#rotateCredentials();
    await this.#session.remount(this.#restartLimit());
  }

  /** The files first: whom the server refuses from then on finds the new keys there. */
  async #rotateCredentials(): Promise<void> {
    const { place, settings } = this.#session;
    if (settings?.credentials === undefined) {
      throw new Failure('usage', 'The target was not remounted with keys that can change');
    }
    await this.#told().setGuest(await writeProfile(place.folder, settings.credentials));
  }

  async #revive(): Promise<void> {
    const lost = await reviveTarget(this.#session, this.#signal);
    if (lost !== undefined) throw lost;
  }

  async #roots(client: OtherClient | undefined) {
    const second = await this.#second.root(client, this.#restartLimit());
    return { first: this.#session.target.directory, second };
  }

  #told(): ServerControl {
    if (this.#server !== undefined) return this.#server;
    throw new Failure('unsupported', 'Only the embedded server does as it is told');
  }

  #restartLimit(): AbortSignal {
    return deadline(RESTART_LIMIT_MS, this.#signal);
  }
}

/** @throws Failure `unsupported` where the target says nothing of its cache. */
async function cacheOf({ driver, target }: TargetSession): Promise<Readonly<Record<string, number>>> {
  if (target.cacheCounters !== undefined) return target.cacheCounters();
  throw new Failure('unsupported', `The target ${driver.name} says nothing of its cache`);
}

/** @throws Failure `unsupported` where no process is known, or it is gone. */
async function factsOf(pid: number | undefined) {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8').catch(() => '');
  const [rss, peak] = ['VmRSS', 'VmHWM'].map((name) => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  });
  if (pid === undefined || rss === undefined || peak === undefined) {
    throw new Failure('unsupported', 'The process of the target is not known, or gone');
  }
  return { pid, rssBytes: rss, peakRssBytes: peak };
}
