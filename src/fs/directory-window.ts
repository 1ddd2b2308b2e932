import { S_IFDIR } from './modes.js';
import { keySegment } from './names.js';
import type { ListedName } from './nodes/node.js';

/** Pages whose names are held; a reader goes forward, or back by telldir(3) and seekdir(3). */
const HELD_PAGES = 3;
const NO_NAMES: ReadonlySet<string> = new Set();

/** Where a page of a listing lies, so that it can be listed again. Keys without the directory's prefix. */
export interface PageOrigin {
  readonly inOverflow: boolean;
  /** Absent on the first page. */
  readonly startAfter: string | undefined;
  readonly last: string;
}

interface Stretch {
  readonly first: number;
  /** Tell which place was whose after the names were let go: four bytes a name. */
  readonly hashes: Uint32Array;
  /** Absent: can not be listed again, and is held. */
  readonly origin: PageOrigin | undefined;
  names: readonly (ListedName | undefined)[] | undefined;
  usedAt: number;
}

/**
 * The names of an open directory in the order in which they were found. The place of a name never changes, so it is a
 * cookie that stays right under change. Only some pages are held; one that is asked for again is listed again, and each
 * name finds its old place: those that have gone leave it empty, those that came meanwhile have none.
 */
export class DirectoryWindow {
  readonly #stretches: Stretch[] = [];
  /** Names of objects of which a later page may still tell as directories: `a` sorts before `a-`, and that before `a/`. */
  #mayReturn = new Set<string>();
  #uses = 0;
  /** Places so far. */
  length = 0;
  directories = 0;

  /** Names in memory. */
  get held(): number {
    return this.#stretches.reduce((sum, { names }) => sum + (names?.length ?? 0), 0);
  }

  /** Adds the names of a page that are new. */
  add(listed: readonly ListedName[], origin?: PageOrigin): void {
    const fresh = new Map<string, ListedName>();
    // What does not come from S3 may be there by now.
    const held = origin === undefined ? this.#heldNames() : NO_NAMES;
    for (const entry of listed) {
      const isKnown = fresh.has(entry.name) || this.#mayReturn.has(entry.name) || held.has(entry.name);
      if (!isKnown) fresh.set(entry.name, entry);
    }
    const names = [...fresh.values()];
    const hashes = Uint32Array.from(names, ({ name }) => hashOf(name));
    this.#stretches.push({ first: this.length, hashes, origin, names, usedAt: this.#use() });
    this.length += names.length;
    this.directories += names.filter(({ type }) => type === S_IFDIR).length;
    if (origin === undefined) return;
    const candidates = [...this.#mayReturn, ...fresh.keys()];
    this.#mayReturn = new Set(candidates.filter((name) => origin.last.startsWith(keySegment(name))));
    this.#letGo();
  }

  /** The name at a place that is held; `undefined` where it has gone. */
  at(place: number): ListedName | undefined {
    const stretch = this.#find(place);
    if (stretch !== undefined) stretch.usedAt = this.#use();
    return stretch?.names?.[place - stretch.first];
  }

  /** The page of a place that must be listed again before it is asked for. */
  missing(place: number): PageOrigin | undefined {
    const stretch = this.#find(place);
    return stretch?.names === undefined ? stretch?.origin : undefined;
  }

  /** Takes a page back that was listed again. */
  restore(place: number, listed: readonly ListedName[]): void {
    const stretch = this.#find(place);
    if (stretch === undefined) return;
    const byHash = new Map<number, ListedName[]>();
    for (const entry of new Map(listed.map((named) => [named.name, named])).values()) {
      const hash = hashOf(entry.name);
      byHash.set(hash, [...(byHash.get(hash) ?? []), entry]);
    }
    stretch.names = Array.from(stretch.hashes, (hash) => byHash.get(hash)?.shift());
    stretch.usedAt = this.#use();
    this.#letGo();
  }

  #heldNames(): ReadonlySet<string> {
    const names = this.#stretches.flatMap((stretch) => stretch.names ?? []);
    return new Set(names.map((entry) => entry?.name ?? ''));
  }

  #find(place: number): Stretch | undefined {
    let [low, high] = [0, this.#stretches.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#stretches[middle]?.first ?? 0) <= place) low = middle + 1;
      else high = middle;
    }
    const stretch = this.#stretches[low - 1];
    return stretch !== undefined && place < stretch.first + stretch.hashes.length ? stretch : undefined;
  }

  #letGo(): void {
    const held = this.#stretches.filter(({ names, origin }) => names !== undefined && origin !== undefined);
    for (const stretch of held.sort((a, b) => b.usedAt - a.usedAt).slice(HELD_PAGES))
      stretch.names = undefined;
  }

  #use(): number {
    this.#uses += 1;
    return this.#uses;
  }
}

/** FNV-1a over UTF-16 units (draft-eastlake-fnv). */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
