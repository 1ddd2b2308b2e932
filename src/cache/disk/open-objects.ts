import { CachedObject, removeObject, type ObjectPaths } from './cached-object.js';
import type { SumsIdentity } from './block-sums.js';

/** Objects kept open while nobody uses them: two descriptors each. */
const MOST_IDLE = 64;

interface Line {
  object: Promise<CachedObject | undefined>;
  users: number;
}

/** Opens each object once however many use it, and keeps the last used ones open. */
export class OpenObjects {
  /** By the data file's path; least recently used first. */
  readonly #lines = new Map<string, Line>();
  readonly #onForeign: () => void;

  /** @param onForeign - Called where files with an object's name turned out to be something else, and were removed. */
  constructor(onForeign: () => void) {
    this.#onForeign = onForeign;
  }

  /** @returns `undefined`, without a call of `work`, where there is no such object. */
  async use<T>(
    paths: ObjectPaths,
    identity: SumsIdentity,
    create: boolean,
    work: (object: CachedObject) => Promise<T>,
  ): Promise<T | undefined> {
    const line = this.#take(paths, identity, create);
    line.users += 1;
    try {
      const object = await line.object;
      return object === undefined ? undefined : await work(object);
    } catch (reason) {
      // The next one opens it anew.
      if (this.#lines.get(paths.data) === line) this.#lines.delete(paths.data);
      throw reason;
    } finally {
      line.users -= 1;
      await this.#tidy(paths.data, line);
    }
  }

  /** Forgets an object whose files go away; who uses it still may. */
  async forget(path: string): Promise<void> {
    const line = this.#lines.get(path);
    if (line === undefined) return;
    this.#lines.delete(path);
    if (line.users === 0) await closeLine(line);
  }

  async closeAll(): Promise<void> {
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    await Promise.all(lines.map(closeLine));
  }

  #take(paths: ObjectPaths, identity: SumsIdentity, create: boolean): Line {
    const line = this.#lines.get(paths.data) ?? { object: this.#open(paths, identity), users: 0 };
    this.#lines.delete(paths.data);
    this.#lines.set(paths.data, line);
    if (create) {
      line.object = line.object.then((found) => found ?? CachedObject.create(paths, identity));
    }
    return line;
  }

  async #open(paths: ObjectPaths, identity: SumsIdentity): Promise<CachedObject | undefined> {
    const found = await CachedObject.open(paths, identity);
    if (found !== 'foreign') return found;
    this.#onForeign();
    await removeObject(paths);
    return undefined;
  }

  async #tidy(path: string, line: Line): Promise<void> {
    if (line.users > 0) return;
    if (this.#lines.get(path) !== line) return closeLine(line);
    for (const [oldest, idle] of this.#lines) {
      if (this.#lines.size <= MOST_IDLE) return;
      if (idle.users > 0) continue;
      this.#lines.delete(oldest);
      await closeLine(idle);
    }
  }
}

async function closeLine(line: Line): Promise<void> {
  const object = await line.object.catch(() => undefined);
  await object?.close();
}
