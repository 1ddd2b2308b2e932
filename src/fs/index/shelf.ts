import type { DirectoryNode } from '../nodes/node.js';

/** Names and index rows in memory, over all directories; some 300 bytes each. */
const MAX_ENTRIES = 200_000;

/** Bounds what directories keep of listings and indexes: the least recently filled go first. */
export class Shelf {
  readonly #weights = new Map<DirectoryNode, number>();
  #total = 0;

  /** After a directory's listing or index was filled. */
  put(directory: DirectoryNode): void {
    this.#remove(directory);
    const { listing, index } = directory.catalog;
    const weight = 1 + (listing?.names.size ?? 0) + (index?.rows.size ?? 0);
    this.#weights.set(directory, weight);
    this.#total += weight;
    for (const oldest of this.#weights.keys()) {
      if (this.#total <= MAX_ENTRIES || oldest === directory) return;
      oldest.catalog.forgetListing();
      oldest.catalog.index = undefined;
      this.#remove(oldest);
    }
  }

  #remove(directory: DirectoryNode): void {
    this.#total -= this.#weights.get(directory) ?? 0;
    this.#weights.delete(directory);
  }
}
