import { monotonicMs } from '../clock.js';
import type { IndexedObject, ListedFacts } from './facts.js';

/** Longer listings are not kept: about 200 bytes a name. */
const KEPT_NAMES = 20_000;

/** One name of a listing. */
export interface Listed {
  readonly isDirectory: boolean;
  /** Absent for directories, and for files that we made after the listing. */
  readonly facts?: ListedFacts;
}

/** Every name in a directory. */
export interface Listing {
  /** On the clock of `monotonicMs`: when S3 was asked. */
  readonly atMs: number;
  /** A name that is not in it does not exist. */
  readonly names: ReadonlyMap<string, Listed>;
  /** The directory's own object; `undefined` where the listing left it out. */
  readonly marker: ListedFacts | 'none' | undefined;
}

/** The attribute index of a directory as it lies in S3. */
export interface LoadedIndex {
  /** Absent where there is none. */
  readonly etag?: string;
  readonly rows: ReadonlyMap<string, IndexedObject>;
  readonly atMs: number;
}

/** What is known of a directory as a whole: its last listing, its attribute index, and what an index would save. */
export class Catalog {
  index: LoadedIndex | undefined;
  /** The index on its way. */
  loading: Promise<void> | undefined;
  /** A listing that others wait for. */
  survey: Promise<void> | undefined;
  /** Until then the directory counts as too large for a survey. */
  unsurveyableUntilMs = -Infinity;
  /** HEADs that were spent, and own changes, since the index was written: what writing it would save. */
  debt = 0;
  indexWrittenAtMs = -Infinity;
  #listing: (Listing & { readonly names: Map<string, Listed> }) | undefined;
  readonly #drafts = new Set<ListingDraft>();
  #questions = { sinceMs: -Infinity, count: 0 };

  get listing(): Listing | undefined {
    return this.#listing;
  }

  /** The directory has just been made: nothing is in it, and it has no index. */
  beginEmpty(): void {
    const atMs = monotonicMs();
    this.index = { rows: new Map(), atMs };
    this.#listing = { atMs, names: new Map(), marker: undefined };
  }

  /**
   * A listing that begins now; own changes are noted in it until it is kept or dropped.
   *
   * @param pending - Names that S3 may not hold yet.
   */
  draft(pending: Iterable<string>): ListingDraft {
    const draft = new ListingDraft();
    for (const name of pending) draft.override(name, { isDirectory: false });
    this.#drafts.add(draft);
    return draft;
  }

  keep(draft: ListingDraft, marker: Listing['marker']): void {
    this.drop(draft);
    const names = draft.result();
    if (names !== undefined) this.#listing = { atMs: draft.atMs, names, marker };
  }

  drop(draft: ListingDraft): void {
    this.#drafts.delete(draft);
  }

  forgetListing(): void {
    this.#listing = undefined;
  }

  /** A name is there: found, or made by us. */
  noteAdded(name: string, isDirectory: boolean): void {
    const { names } = this.#listing ?? {};
    if (names !== undefined && names.get(name)?.isDirectory !== isDirectory) names.set(name, { isDirectory });
    for (const draft of this.#drafts) draft.override(name, { isDirectory });
  }

  /** A name is gone. */
  noteRemoved(name: string): void {
    this.#listing?.names.delete(name);
    for (const draft of this.#drafts) draft.override(name, undefined);
  }

  /** Counts questions about single names. @returns How many came within `windowMs`, this one included. */
  question(windowMs: number): number {
    const now = monotonicMs();
    const inWindow = now - this.#questions.sinceMs < windowMs;
    this.#questions = inWindow
      ? { ...this.#questions, count: this.#questions.count + 1 }
      : { sinceMs: now, count: 1 };
    return this.#questions.count;
  }
}

/** A listing under way. What we change meanwhile wins over what it says. */
export class ListingDraft {
  readonly atMs = monotonicMs();
  readonly #names = new Map<string, Listed>();
  readonly #overrides = new Map<string, Listed | undefined>();
  #isTooLong = false;

  add(name: string, listed: Listed): void {
    // A directory hides an object of its name.
    if (this.#names.get(name)?.isDirectory === true) return;
    this.#names.set(name, listed);
    this.#check();
  }

  override(name: string, listed: Listed | undefined): void {
    this.#overrides.set(name, listed);
    this.#check();
  }

  /** `undefined` where the listing is too long to be kept. */
  result(): Map<string, Listed> | undefined {
    if (this.#isTooLong) return undefined;
    for (const [name, listed] of this.#overrides) {
      if (listed === undefined) this.#names.delete(name);
      else if (this.#names.get(name)?.isDirectory !== listed.isDirectory) this.#names.set(name, listed);
    }
    return this.#names;
  }

  #check(): void {
    if (this.#names.size + this.#overrides.size <= KEPT_NAMES) return;
    this.#isTooLong = true;
    this.#names.clear();
    this.#overrides.clear();
  }
}
