const KIB = 1024;
/** Requests of one reader arrive out of order by about this much, because the kernel sends several at a time. */
const TOLERANCE_BYTES = 1024 * KIB;
const FIRST_WINDOW_BYTES = 512 * KIB;
const MAX_CURSORS = 8;

/** A range that is worth fetching before it is asked for. */
export interface AheadRange {
  readonly offset: number;
  readonly lengthBytes: number;
}

interface Cursor {
  /** End of what the reader has asked for. */
  nextOffset: number;
  windowBytes: number;
  /** End of what was handed out for fetching. */
  plannedTo: number;
}

/**
 * Finds sequential readers in a stream of read requests: several cursors per handle, each with a window that doubles
 * while the reader goes on and starts again after a jump. Random access gets no read-ahead. No I/O.
 */
export class ReadAhead {
  readonly #maxWindowBytes: number;
  /** Least recently used first. */
  #cursors: Cursor[] = [];

  /** @param maxWindowBytes - Largest distance ahead of a reader; 0 switches read-ahead off. */
  constructor(maxWindowBytes: number) {
    this.#maxWindowBytes = maxWindowBytes;
  }

  /** Notes one read; answers with what to fetch ahead of it, if anything. */
  observe(offset: number, lengthBytes: number, fileBytes: number): AheadRange | undefined {
    const end = offset + lengthBytes;
    const cursor = this.#cursors.find((candidate) => isNear(candidate, offset));
    if (cursor === undefined) {
      if (this.#cursors.length >= MAX_CURSORS) this.#cursors.shift();
      this.#cursors.push({ nextOffset: end, windowBytes: 0, plannedTo: end });
      return undefined;
    }
    this.#cursors = [...this.#cursors.filter((other) => other !== cursor), cursor];
    if (end <= cursor.nextOffset) return undefined;
    cursor.nextOffset = end;
    cursor.windowBytes = Math.min(this.#maxWindowBytes, Math.max(FIRST_WINDOW_BYTES, cursor.windowBytes * 2));
    return plan(cursor, fileBytes);
  }
}

function isNear(cursor: Cursor, offset: number): boolean {
  // A single read is no sequence: before the second one only the exact next byte counts.
  const tolerance = cursor.windowBytes === 0 ? 0 : TOLERANCE_BYTES;
  return offset >= cursor.nextOffset - tolerance && offset <= cursor.nextOffset + tolerance;
}

/** Hands out a new range only when a quarter of the window is free, so that requests stay large. */
function plan(cursor: Cursor, fileBytes: number): AheadRange | undefined {
  const from = Math.max(cursor.plannedTo, cursor.nextOffset);
  const to = Math.min(fileBytes, cursor.nextOffset + cursor.windowBytes);
  if (to <= from) return undefined;
  if (to < fileBytes && to - from < cursor.windowBytes / 4) return undefined;
  cursor.plannedTo = to;
  return { offset: from, lengthBytes: to - from };
}
