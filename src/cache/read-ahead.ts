const KIB = 1024;
/** Requests of one reader arrive out of order by about this much, because the kernel sends several at a time. */
const TOLERANCE_BYTES = 1024 * KIB;
const FIRST_WINDOW_BYTES = 512 * KIB;
const MAX_CURSORS = 8;
/** One request of the block cache. */
const LARGE_PLAN_BYTES = 4096 * KIB;
/** Steps of equal length before a reader is taken for one that skips. */
const STRIDES_TO_TRUST = 2;
/** A skipping reader gets so many of its next reads. */
const STRIDES_AHEAD = 4;
/** Farther skips than this are no pattern worth following. */
const LONGEST_STRIDE_BYTES = 64 * 1024 * KIB;

/** Random reads before any is answered with more than its own block. */
const SCATTERED_TO_TRUST = 4;
/**
 * One random read for each so many bytes of the file: from then on as many more pay for all of it. A round trip of
 * 15 ms and 16 MiB over a few connections within the region take about as long.
 */
const SCATTER_BYTES = 16 * 1024 * KIB;

/** A range that is worth fetching before it is asked for. */
export interface AheadRange {
  readonly offset: number;
  readonly lengthBytes: number;
}

/** What all descriptors of a mount share: room for what is fetched ahead, and counters. */
export class ReadAheadBudget {
  readonly #limitBytes: number;
  /** Windows that are open now. */
  windows = 0;
  plannedBytes = 0;
  /** Planned, and a reader came for it. */
  usedBytes = 0;
  /** Planned for a reader that went elsewhere, or was closed, before it came there. */
  wastedBytes = 0;

  /** @param limitBytes - Bytes ahead of all readers in sum. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The largest file that may come whole because somebody reads here and there in it. */
  get wholeFileBytes(): number {
    return 2 * this.#limitBytes;
  }

  /** One window's part of the room. */
  get shareBytes(): number {
    return Math.floor(this.#limitBytes / Math.max(1, this.windows));
  }
}

interface Cursor {
  /** End of what the reader has asked for; start of it where it goes backward. */
  edge: number;
  direction: 1 | -1;
  windowBytes: number;
  /** Read in sequence so far. */
  readBytes: number;
  /** How far ranges were handed out, in the direction of reading. */
  plannedTo: number;
}

/**
 * Finds patterns in the reads of one descriptor: several readers that go forward or backward, each with a window that
 * grows with what it has read, and one that skips by equal steps. A reader that leaves its window unused makes the next
 * one begin smaller; random access gets nothing. No I/O.
 */
export class ReadAhead {
  readonly #maxWindowBytes: number;
  readonly #budget: ReadAheadBudget;
  /** Least recently used first. */
  #cursors: Cursor[] = [];
  #firstWindowBytes = FIRST_WINDOW_BYTES;
  readonly #stride = { lastOffset: -1, stepBytes: 0, repeats: 0, plannedTo: 0 };
  #scattered = 0;
  /** Parts of the file that random reads have brought, with the bytes that were read of each since. */
  readonly #parts = new Map<number, number>();

  /**
   * @param maxWindowBytes - Largest distance ahead of a reader; 0 switches read-ahead off.
   * @param budget - Shared with the other descriptors.
   */
  constructor(maxWindowBytes: number, budget: ReadAheadBudget) {
    this.#maxWindowBytes = maxWindowBytes;
    this.#budget = budget;
  }

  /** Notes one read; answers with what to fetch ahead of it, if anything. */
  observe(offset: number, lengthBytes: number, fileBytes: number): readonly AheadRange[] {
    if (this.#maxWindowBytes === 0) return [];
    const end = Math.min(offset + lengthBytes, fileBytes);
    const cursor = this.#cursors.find((candidate) => continues(candidate, offset, end));
    if (cursor === undefined) {
      this.#open(offset, end);
      const strided = this.#strided(offset, end - offset, fileBytes);
      return this.#stride.repeats > 0 ? strided : this.#scatter(offset, end, fileBytes);
    }
    this.#cursors = [...this.#cursors.filter((other) => other !== cursor), cursor];
    this.#stride.repeats = 0;
    const range = this.#advance(cursor, offset, end, fileBytes);
    if (range === undefined) return [];
    this.#budget.plannedBytes += range.lengthBytes;
    return [range];
  }

  /** The descriptor is closed: what was planned and not read is wasted. */
  close(): void {
    for (const cursor of this.#cursors) this.#drop(cursor);
    this.#cursors = [];
    for (const readBytes of this.#parts.values()) this.#budget.wastedBytes += LARGE_PLAN_BYTES - readBytes;
    this.#parts.clear();
  }

  #open(offset: number, end: number): void {
    if (this.#cursors.length >= MAX_CURSORS) {
      const oldest = this.#cursors.shift();
      if (oldest !== undefined) this.#drop(oldest);
    }
    // Both ways are open until the second read.
    this.#cursors.push({
      edge: end,
      direction: 1,
      windowBytes: 0,
      readBytes: end - offset,
      plannedTo: offset,
    });
  }

  #drop(cursor: Cursor): void {
    if (cursor.windowBytes === 0) return;
    const unusedBytes = Math.max(0, (cursor.plannedTo - cursor.edge) * cursor.direction);
    this.#budget.windows -= 1;
    this.#budget.wastedBytes += unusedBytes;
    // Much wasted: the next reader has to show more first. Little: it may start as before.
    const isWaste = unusedBytes > cursor.windowBytes / 2;
    this.#firstWindowBytes = isWaste
      ? Math.max(FIRST_WINDOW_BYTES / 4, this.#firstWindowBytes / 2)
      : FIRST_WINDOW_BYTES;
  }

  #advance(cursor: Cursor, offset: number, end: number, fileBytes: number): AheadRange | undefined {
    if (cursor.windowBytes === 0 && offset < cursor.edge) {
      cursor.direction = -1;
      cursor.edge = cursor.plannedTo;
    }
    const forward = cursor.direction === 1;
    const edge = forward ? end : offset;
    const stepBytes = (edge - cursor.edge) * cursor.direction;
    if (stepBytes <= 0) return undefined;
    if (cursor.windowBytes === 0) {
      this.#budget.windows += 1;
      cursor.plannedTo = cursor.edge;
    }
    const coveredBytes = Math.max(0, (cursor.plannedTo - cursor.edge) * cursor.direction);
    this.#budget.usedBytes += Math.min(stepBytes, coveredBytes);
    cursor.edge = edge;
    cursor.readBytes += stepBytes;
    // Twice as far ahead as the reader has come: it is never wrong by more than that.
    const growth = (2 * this.#firstWindowBytes) / FIRST_WINDOW_BYTES;
    const wanted = Math.max(this.#firstWindowBytes, growth * cursor.readBytes);
    cursor.windowBytes = Math.min(this.#maxWindowBytes, this.#budget.shareBytes, wanted);
    return forward ? planForward(cursor, fileBytes) : planBackward(cursor);
  }

  /**
   * Random reads, many for the size of the file: each brings the part around it, so that the file comes in a few large
   * requests: from the read to the end of the part, and from its start to the read. A file too large to be kept gets
   * nothing.
   */
  #scatter(offset: number, end: number, fileBytes: number): AheadRange[] {
    const number = Math.floor(offset / LARGE_PLAN_BYTES);
    const readBytes = this.#parts.get(number);
    if (readBytes !== undefined) {
      const newBytes = Math.min(end - offset, LARGE_PLAN_BYTES - readBytes);
      this.#parts.set(number, readBytes + newBytes);
      this.#budget.usedBytes += newBytes;
      return [];
    }
    this.#scattered += 1;
    const least = Math.max(SCATTERED_TO_TRUST, fileBytes / SCATTER_BYTES);
    if (this.#scattered <= least || fileBytes > this.#budget.wholeFileBytes) return [];
    const start = number * LARGE_PLAN_BYTES;
    const lengthBytes = Math.min(LARGE_PLAN_BYTES, fileBytes - start);
    // The read itself is no guess.
    const ownBytes = Math.min(end - offset, lengthBytes);
    this.#parts.set(number, LARGE_PLAN_BYTES - lengthBytes + ownBytes);
    this.#budget.plannedBytes += lengthBytes - ownBytes;
    // What is asked for comes first: its reader does not wait for the megabytes around it.
    const onward = { offset, lengthBytes: start + lengthBytes - offset };
    return offset === start ? [onward] : [onward, { offset: start, lengthBytes: offset - start }];
  }

  #strided(offset: number, lengthBytes: number, fileBytes: number): AheadRange[] {
    const stride = this.#stride;
    const stepBytes = offset - stride.lastOffset;
    const isEqual = stride.lastOffset >= 0 && stepBytes === stride.stepBytes && stepBytes !== 0;
    stride.repeats = isEqual ? stride.repeats + 1 : 0;
    stride.lastOffset = offset;
    stride.stepBytes = stepBytes;
    if (!isEqual) stride.plannedTo = offset;
    if (stride.repeats < STRIDES_TO_TRUST || Math.abs(stepBytes) > LONGEST_STRIDE_BYTES) return [];
    const ranges: AheadRange[] = [];
    for (let step = 1; step <= STRIDES_AHEAD; step += 1) {
      const next = offset + step * stepBytes;
      const isNew = stepBytes > 0 ? next > stride.plannedTo : next < stride.plannedTo;
      if (!isNew || next < 0 || next >= fileBytes) continue;
      stride.plannedTo = next;
      ranges.push({ offset: next, lengthBytes: Math.min(lengthBytes, fileBytes - next) });
    }
    return ranges;
  }
}

function continues(cursor: Cursor, offset: number, end: number): boolean {
  // A single read is no sequence: before the second one only the bytes right after or before it count.
  if (cursor.windowBytes === 0) return offset === cursor.edge || end === cursor.plannedTo;
  const distance = cursor.direction === 1 ? offset - cursor.edge : end - cursor.edge;
  return Math.abs(distance) <= TOLERANCE_BYTES;
}

/** Hands out a new range only when half of the window is free, or enough for one request: so requests stay large. */
function planForward(cursor: Cursor, fileBytes: number): AheadRange | undefined {
  const from = Math.max(cursor.plannedTo, cursor.edge);
  const to = Math.min(fileBytes, cursor.edge + cursor.windowBytes);
  if (to <= from || (to < fileBytes && to - from < leastPlan(cursor))) return undefined;
  const lengthBytes = to === fileBytes ? to - from : inLargePlans(to - from);
  cursor.plannedTo = from + lengthBytes;
  return { offset: from, lengthBytes };
}

function planBackward(cursor: Cursor): AheadRange | undefined {
  const to = Math.min(cursor.plannedTo, cursor.edge);
  const from = Math.max(0, cursor.edge - cursor.windowBytes);
  if (to <= from || (from > 0 && to - from < leastPlan(cursor))) return undefined;
  const lengthBytes = from === 0 ? to : inLargePlans(to - from);
  cursor.plannedTo = to - lengthBytes;
  return { offset: cursor.plannedTo, lengthBytes };
}

/** Without the rest behind the last large one, which would be a small request of its own. */
function inLargePlans(lengthBytes: number): number {
  return lengthBytes < LARGE_PLAN_BYTES ? lengthBytes : lengthBytes - (lengthBytes % LARGE_PLAN_BYTES);
}

function leastPlan(cursor: Cursor): number {
  return Math.min(cursor.windowBytes / 2, LARGE_PLAN_BYTES);
}
