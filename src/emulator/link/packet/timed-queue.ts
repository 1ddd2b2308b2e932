interface Entry<T> {
  readonly atMs: number;
  readonly order: number;
  readonly value: T;
}

/** Values in the order of their times, and of their arrival where the times are equal (a binary heap). */
export class TimedQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #arrivals = 0;

  /** Time of the first value; undefined: there is none. */
  get firstMs(): number | undefined {
    return this.#heap[0]?.atMs;
  }

  push(atMs: number, value: T): void {
    const entry = { atMs, order: this.#arrivals, value };
    this.#arrivals += 1;
    let at = this.#heap.length;
    this.#heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      this.#heap[at] = parent;
      at = above;
    }
    this.#heap[at] = entry;
  }

  /** Takes the first value if its time is not after `nowMs`. */
  takeUntil(nowMs: number): { readonly atMs: number; readonly value: T } | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  #sink(entry: Entry<T>): void {
    let at = 0;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || !isBefore(child, entry)) break;
      this.#heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    this.#heap[at] = entry;
  }
}

function isBefore<T>(one: Entry<T>, other: Entry<T>): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
