import { seededBytes } from '../../../src/harness/api/index.js';

/** Longest write of a program. */
export const LONGEST_WRITE = 8 * 1024 * 1024;
const POOL_BYTES = 2 * LONGEST_WRITE;
let pool: Buffer | undefined;

/** What a step writes: a range of a pool that is the same in every process and run. */
export function written(from: number, length: number): Buffer {
  return poolRange(from % LONGEST_WRITE, length);
}

function poolRange(start: number, length: number): Buffer {
  pool ??= seededBytes(1, POOL_BYTES);
  return pool.subarray(start, start + length);
}

/** A range that was written; `from` is the place of its first byte in the pool. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly from: number;
}

/** The bytes of a file as ranges of the pool and zeros between them. Never changes: each change makes a new one. */
export class Content {
  readonly size: number;
  /** In order, without overlap; what is between them is zeros. */
  readonly #pieces: readonly Piece[];

  constructor(size = 0, pieces: readonly Piece[] = []) {
    this.size = size;
    this.#pieces = pieces;
  }

  write(at: number, from: number, length: number): Content {
    if (length === 0) return this;
    return this.#put(at, at + length, [{ start: at, end: at + length, from: from % LONGEST_WRITE }]);
  }

  /** Zeros in a range; does not grow the file. */
  zero(at: number, length: number): Content {
    const end = Math.min(at + length, this.size);
    return end <= at ? this : this.#put(at, end, []);
  }

  resize(size: number): Content {
    return new Content(size, cut(this.#pieces, 0, size));
  }

  /** The bytes of a range of another content, put here. */
  copy(source: Content, at: number, to: number, length: number): Content {
    if (length === 0) return this;
    const moved = cut(source.#pieces, at, at + length).map(({ start, end, from }) => ({
      start: start - at + to,
      end: end - at + to,
      from,
    }));
    return this.#put(to, to + length, moved);
  }

  bytes(at = 0, length = this.size): Buffer {
    const end = Math.min(at + length, this.size);
    const all = Buffer.alloc(Math.max(0, end - at));
    for (const { start, end: stop, from } of cut(this.#pieces, at, end))
      poolRange(from, stop - start).copy(all, start - at);
    return all;
  }

  equals(bytes: Uint8Array): boolean {
    return bytes.length === this.size && Buffer.compare(this.bytes(), bytes) === 0;
  }

  #put(at: number, end: number, middle: readonly Piece[]): Content {
    const pieces = [...cut(this.#pieces, 0, at), ...middle, ...cut(this.#pieces, end, Infinity)];
    return new Content(Math.max(this.size, end), pieces);
  }
}

/** The parts of pieces that lie in a range. */
function cut(pieces: readonly Piece[], low: number, high: number): Piece[] {
  return pieces.flatMap((piece) => {
    const start = Math.max(piece.start, low);
    const end = Math.min(piece.end, high);
    return start < end ? [{ start, end, from: piece.from + (start - piece.start) }] : [];
  });
}
