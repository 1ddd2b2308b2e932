import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Failure } from '../../../errors/failure.js';
import { wrapStore } from '../../../s3/metered.js';
import type { ObjectStore } from '../../../s3/store.js';
import { Driver } from '../../testing/driver.js';
import { startFixture, type Fixture, type MountOptions } from '../../testing/fixture.js';

/** A store whose uploads wait until it is opened; one that is cut off lets nobody write any more. */
export class Gate {
  readonly store: ObjectStore;
  #open: () => void = () => undefined;
  #opened: Promise<void> = Promise.resolve();
  #isCut = false;

  constructor(store: ObjectStore) {
    this.store = wrapStore(store, async (method, run) => {
      if (method === 'put') await this.#opened;
      if (this.#isCut && ['put', 'copy', 'delete', 'deleteMany'].includes(method))
        throw new Failure('unreachable', 'The machine is off');
      return await run();
    });
  }

  close(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }

  /** As kill -9: nothing of this mount reaches the store any more. */
  cut(): void {
    this.#isCut = true;
    this.open();
  }
}

/** Mounts with write-back that share one cache folder. */
export class WriteBackBench {
  readonly fixture: Fixture;
  readonly #gates: Gate[] = [];

  constructor(fixture: Fixture) {
    this.fixture = fixture;
  }

  static async start(): Promise<WriteBackBench> {
    return new WriteBackBench(await startFixture());
  }

  gate(): Gate {
    const gate = new Gate(this.fixture.store);
    this.#gates.push(gate);
    return gate;
  }

  async mount(options: MountOptions = {}): Promise<{ readonly d: Driver; readonly gate: Gate }> {
    const gate = this.gate();
    const all = { writeBack: true, cacheDir: 'cache', store: gate.store, ...options };
    return { d: new Driver(await this.fixture.mount(all)), gate };
  }

  async stored(key: string): Promise<string> {
    return await text((await this.fixture.store.get(key)).body);
  }

  async journalFiles(): Promise<readonly string[]> {
    return await readdir(join(this.fixture.folder, 'cache', 'write-back')).catch(() => []);
  }

  async recovered(): Promise<readonly string[]> {
    const folder = join(this.fixture.folder, 'cache', 'recovery');
    const names = (await readdir(folder).catch(() => [])).filter((name) => !name.endsWith('.json'));
    return await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  }

  async close(): Promise<void> {
    for (const gate of this.#gates) gate.open();
    await this.fixture.close();
  }
}
