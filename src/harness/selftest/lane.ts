import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deadline } from '../../errors/deadline.js';
import { Failure } from '../../errors/failure.js';
import type { Cleanup } from '../../report/model.js';
import { createBucketAdmin, type BucketAdmin } from '../../s3/admin.js';
import { WATCHDOG_GRACE_MS } from '../api/limits.js';
import { provisionBucket, type OwnedBucket } from '../buckets.js';
import { openEndpoint } from '../endpoint.js';
import type { Endpoint, EndpointWish } from '../endpoint-wish.js';
import type { ListedCase } from '../selection.js';
import type { SuiteTools } from '../suite-tools.js';
import { objectfsTarget } from '../targets/objectfs.js';
import { missingClients } from '../targets/peers/clients.js';
import { proveTarget } from '../targets/proof.js';
import { reviveAfterHang } from '../targets/revive.js';
import { TargetSession } from '../targets/session.js';
import type { TargetStore } from '../targets/target.js';
import { CaseService } from '../worker/serve-cases.js';
import { CaseHost, type HostedOutcome } from './case-host.js';

const STOP_LIMIT_MS = 60_000;

/** For one mkdir(2) without a defect: beyond it the mount does not answer. */
const AREA_LIMIT_MS = 30_000;

/** The embedded server, always: defects are planted in it too. */
const EMBEDDED: Omit<EndpointWish, 'settings'> = { link: 'loopback' };

/** What a board shares with runs of suites. */
export type BoardTools = Omit<SuiteTools, 'model'>;

export interface LanePlan {
  /** Unique in the run. */
  readonly name: string;
  readonly suites: readonly string[];
  readonly tools: BoardTools;
  readonly version: string;
}

/** What a lane holds while it is open. */
interface Parts {
  readonly endpoint: Endpoint;
  readonly admin: BucketAdmin;
  readonly bucket: OwnedBucket;
  readonly session: TargetSession;
  readonly service: CaseService;
}

/**
 * A server, a bucket, a mount and a process for cases, with one switch for the defect that works in all of them. The
 * switch is turned while they run: a mount for each defect would take most of the time.
 */
export class Lane {
  readonly #plan: LanePlan;
  readonly #parts: Parts;
  readonly #switchFile: string;
  #host: CaseHost;
  #areas = 0;

  private constructor(plan: LanePlan, parts: Parts, switchFile: string, host: CaseHost) {
    this.#plan = plan;
    this.#parts = parts;
    this.#switchFile = switchFile;
    this.#host = host;
  }

  static async open(plan: LanePlan, cleanup: Cleanup[], signal: AbortSignal): Promise<Lane> {
    const { tools, name } = plan;
    const switchFile = join(tools.scope.folder, `${name}.switch`);
    await writeFile(switchFile, '');
    const wish = { ...EMBEDDED, settings: withoutEndpoint(tools) };
    const endpoint = await openEndpoint(wish, signal, { planted: switchFile });
    const admin = createBucketAdmin(endpoint.connection, { log: tools.log });
    const undo: (() => unknown)[] = [
      () => endpoint.close(),
      () => {
        admin.close();
      },
    ];
    try {
      if (endpoint.pid !== undefined) await tools.scope.record.emulator(endpoint.pid);
      const bucket = await provisionBucket(tools.scope, endpoint, admin, name, signal);
      undo.push(async () => cleanup.push(await bucket.remove()));
      const store = { connection: endpoint.connection, bucket: bucket.name, prefix: '' };
      const session = await startTarget(plan, store, switchFile, signal);
      undo.push(() => session.stop(deadline(STOP_LIMIT_MS)));
      const socket = join(tools.scope.folder, `${name}.sock`);
      const service = await CaseService.start(socket, session, endpoint.control, signal);
      undo.push(() => service.close());
      const parts = { endpoint, admin, bucket, session, service };
      return new Lane(plan, parts, switchFile, await startHost(plan, parts, switchFile));
    } catch (reason) {
      for (const step of undo.reverse())
        await Promise.resolve()
          .then(step)
          .catch(() => undefined);
      throw reason;
    }
  }

  get endpoint(): Endpoint {
    return this.#parts.endpoint;
  }

  /** From now on this defect works; none where it is absent. */
  async plant(id = ''): Promise<void> {
    await writeFile(this.#switchFile, id);
  }

  /**
   * A fresh directory for cases; made without a defect.
   *
   * @throws Failure `timeout` where the mount does not answer.
   */
  async area(): Promise<string> {
    this.#areas += 1;
    const area = `${this.#plan.name}-${this.#areas}`;
    await inTime(mkdir(join(this.#parts.session.target.directory, area)), `mkdir of ${area}`);
    return area;
  }

  /**
   * Runs one case. After one that hangs, target and process are started anew.
   *
   * @throws Failure where they do not come back: the lane is of no use any more.
   */
  async run(entry: ListedCase, area: string, signal: AbortSignal): Promise<HostedOutcome> {
    const { suite, id, timeoutMs } = entry;
    const outcome = await this.#host.run({ suite, id, area }, timeoutMs + WATCHDOG_GRACE_MS);
    const isWell = outcome.state !== 'hung' && outcome.state !== 'broken';
    if (!isWell) await this.#restart(signal);
    return outcome;
  }

  /** The clean start for a next case. */
  async #restart(signal: AbortSignal): Promise<void> {
    const { session, service } = this.#parts;
    const abandon = async (): Promise<void> => {
      await this.plant();
      await service.abandon();
    };
    const lost = await reviveAfterHang(session, this.#host, abandon, signal);
    if (lost !== undefined) throw lost;
    this.#host = await startHost(this.#plan, this.#parts, this.#switchFile);
  }

  /** Ends all of it; the bucket is gone afterwards, or `cleanup` says why not. */
  async close(cleanup: Cleanup[]): Promise<void> {
    const { endpoint, admin, bucket, session, service } = this.#parts;
    try {
      await this.plant();
      await this.#host.end();
      await service.close();
      // What is dirty by a planted defect may not be saved: the bucket goes anyway.
      await session.stop(deadline(STOP_LIMIT_MS)).catch(() => undefined);
    } finally {
      cleanup.push(await bucket.remove());
      admin.close();
      await endpoint.close();
    }
  }
}

/** A call that stands still on a mount holds no caller: it ends with the mount. */
async function inTime(call: Promise<unknown>, what: string): Promise<void> {
  const limit = new AbortController();
  const late = delay(AREA_LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
    throw new Failure('timeout', `${what} did not end within ${AREA_LIMIT_MS} ms`);
  });
  try {
    await Promise.race([call, late]);
  } finally {
    limit.abort();
    await late.catch(() => undefined);
  }
}

function withoutEndpoint({ config }: BoardTools): EndpointWish['settings'] {
  const { s3 } = config;
  return Object.fromEntries(Object.entries(s3).filter(([name]) => name !== 'endpoint')) as typeof s3; // optional
}

async function startTarget(
  { tools, name, version }: LanePlan,
  store: TargetStore,
  switchFile: string,
  signal: AbortSignal,
): Promise<TargetSession> {
  const folder = join(tools.scope.folder, name);
  await mkdir(folder, { mode: 0o711 });
  const place = { runId: tools.scope.runId, folder, store, config: tools.config, record: tools.scope.record };
  const session = new TargetSession(objectfsTarget(version, undefined, switchFile), place);
  try {
    await session.start(signal);
    await proveTarget(session.target, store, { ownFormat: false, signal });
    return session;
  } catch (reason) {
    await session.kill();
    throw reason;
  }
}

async function startHost({ tools, suites }: LanePlan, parts: Parts, switchFile: string): Promise<CaseHost> {
  const { session, service, endpoint, bucket } = parts;
  const host = await CaseHost.start({
    suites: [...suites],
    plan: {
      runId: tools.scope.runId,
      suite: 'selftest',
      target: session.driver.name,
      directory: session.target.directory,
      seed: tools.seed,
      store: { connection: endpoint.connection, bucket: bucket.name, prefix: '' },
      transfer: tools.config.transfer,
      unmet: [...session.driver.unmet, ...(await missingClients())],
      fixtures: [...tools.fixtures],
      done: [],
      // Outcomes come by the channel; nobody reads the events.
      eventsFile: '/dev/null',
      planted: switchFile,
      controlSocket: service.socket,
    },
  });
  await tools.scope.record.worker(host.pid);
  return host;
}
