import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, hashObject } from '../../bench/verify.js';
import type { CheckResult } from '../../bench/mounts/driver-protocol.js';
import type { Config } from '../../config/schema.js';
import { deadline } from '../../errors/deadline.js';
import { Failure } from '../../errors/failure.js';
import type { Log } from '../../log/log.js';
import type { Cleanup } from '../../report/model.js';
import type { BucketAdmin } from '../../s3/admin.js';
import { createStore } from '../../s3/client.js';
import type { ObjectStore } from '../../s3/store.js';
import { provisionBucket, type OwnedBucket } from '../buckets.js';
import type { Endpoint } from '../endpoint-wish.js';
import type { RunScope } from '../run-scope.js';
import { proveTarget } from '../targets/proof.js';
import { TargetSession } from '../targets/session.js';
import type { TargetDriver } from '../targets/target.js';

/** Time for a target to stop or start; what is not saved by then is lost. */
const RESTART_LIMIT_MS = 120_000;

export interface BenchPlace {
  readonly scope: RunScope;
  readonly endpoint: Endpoint;
  readonly admin: BucketAdmin;
  readonly config: Config;
  readonly log: Log;
}

/** A target with a bucket of its own, mounted through the whole bench. */
export class BenchTarget {
  readonly driver: TargetDriver;
  readonly #session: TargetSession;
  readonly #bucket: OwnedBucket | undefined;
  readonly #objects: ObjectStore | undefined;
  readonly #log: Log;

  private constructor(
    session: TargetSession,
    log: Log,
    store?: { readonly bucket: OwnedBucket; readonly objects: ObjectStore },
  ) {
    this.driver = session.driver;
    this.#session = session;
    this.#bucket = store?.bucket;
    this.#objects = store?.objects;
    this.#log = log;
  }

  /**
   * @param arm - Name of the target in the plan; names its folder and bucket.
   *
   * @throws Failure where it can not be started or is not what it says; then nothing of it is left but a line in `cleanup`.
   */
  static async open(
    arm: string,
    driver: TargetDriver,
    place: BenchPlace,
    cleanup: Cleanup[],
    signal: AbortSignal,
  ): Promise<BenchTarget> {
    const { scope, config, endpoint, admin, log } = place;
    const label = arm.replace(/[^a-z0-9]+/g, '-');
    const folder = join(scope.folder, label);
    await mkdir(folder, { mode: 0o711 });
    // What a cold mount must not find goes in `remount`.
    const common = { runId: scope.runId, folder, config, keepsBlocks: true, record: scope.record };
    if (!driver.needsStore) {
      const target = new BenchTarget(new TargetSession(driver, common), log);
      await target.#session.start(signal);
      return target;
    }
    const bucket = await provisionBucket(scope, endpoint, admin, `bench-${label}`, signal);
    const store = { connection: endpoint.connection, bucket: bucket.name, prefix: '' };
    const objects = createStore(store.connection, store.bucket, { log });
    const target = new BenchTarget(new TargetSession(driver, { ...common, store }), log, { bucket, objects });
    try {
      await target.#session.start(signal);
      await proveTarget(target.#session.target, store, { ownFormat: driver.ownFormat === true, signal });
      return target;
    } catch (reason) {
      await target.close(cleanup);
      throw reason;
    }
  }

  get directory(): string {
    return this.#session.target.directory;
  }

  get pid(): number | undefined {
    return this.#session.target.pid;
  }

  /** Waits until the bucket holds all that was written. */
  async settle(signal: AbortSignal): Promise<void> {
    await this.#session.target.settle?.(deadline(RESTART_LIMIT_MS, signal));
  }

  /** Mounts again; a plain directory stays as it is. @param keepsDisk - Whether its local cache survives. */
  async remount(keepsDisk: boolean, signal: AbortSignal): Promise<void> {
    if (!this.driver.needsStore) return;
    const limit = deadline(RESTART_LIMIT_MS, signal);
    await this.#session.stop(limit);
    if (!keepsDisk) await rm(join(this.#session.place.folder, 'cache'), { recursive: true, force: true });
    await this.#session.start(limit);
  }

  /** Makes every call on it return, whatever state it is in. */
  async kill(): Promise<void> {
    await this.#session.kill();
  }

  /** Brings back a target that was killed. */
  async revive(signal: AbortSignal): Promise<void> {
    await this.#session.start(deadline(RESTART_LIMIT_MS, signal));
  }

  /** Compares with the bucket, past the target; a target without objects of its own is asked itself. */
  async verify(result: CheckResult, signal: AbortSignal): Promise<string | undefined> {
    if (result.problem !== undefined) return result.problem;
    for (const { path, sizeBytes, sha256 } of result.files) {
      const found = await this.#digest(path, sizeBytes, signal);
      if (found !== sha256) return `${path} has other content than was written (${found})`;
    }
    for (const folder of result.gone) {
      const page = await this.#objects?.list({ prefix: `${folder}/`, maxKeys: 1, signal });
      const [left] = this.driver.ownFormat === true ? [] : (page?.objects ?? []);
      if (left !== undefined) return `${left.key} is still in the bucket`;
    }
    return undefined;
  }

  /** Stops it and removes its bucket. Never throws: what is left stands in the ledger and in `cleanup`. */
  async close(cleanup: Cleanup[]): Promise<void> {
    try {
      await this.#session.stop(deadline(RESTART_LIMIT_MS));
    } catch (reason) {
      this.#log.warn({ target: this.driver.name, err: reason }, 'the target did not stop cleanly');
    }
    this.#objects?.close();
    if (this.#bucket !== undefined) cleanup.push(await this.#bucket.remove());
  }

  async #digest(path: string, sizeBytes: number, signal: AbortSignal): Promise<string> {
    try {
      if (this.#objects === undefined || this.driver.ownFormat === true) {
        return await hashFile(join(this.directory, path), signal);
      }
      return await hashObject(this.#objects, path, sizeBytes, signal);
    } catch (reason) {
      signal.throwIfAborted();
      return Failure.from(reason).message;
    }
  }
}
