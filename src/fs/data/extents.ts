import type { Version } from './version.js';

/** A place in a version of an object on S3. */
export interface Slice {
  readonly version: Version;
  readonly offset: number;
}

/** Where the bytes of a range are. */
export interface Content {
  /**
   * `local`: in the stage, at the same offset. `zeros`: a hole. `away`: only where `copy` says. `sent`: only in a part of
   * a multipart upload that is not complete, where nothing can read it.
   */
  readonly source: 'local' | 'zeros' | 'away' | 'sent';
  /** The same bytes on S3, as a place that requests may copy or read from; always there for `away`. */
  readonly copy: Slice | undefined;
}

/** A range of a file, `end` excluded, whose bytes are in one place. */
export interface Extent extends Content {
  readonly start: number;
  readonly end: number;
}

export const LOCAL: Content = { source: 'local', copy: undefined };
export const SENT: Content = { source: 'sent', copy: undefined };
export const ZEROS: Content = { source: 'zeros', copy: undefined };

/**
 * Says for each byte of a file where it is: extents in order, without gaps, from 0 to the size. No I/O. Neighbours in
 * one place are one extent, so a file that is written in order has few.
 */
export class ExtentMap {
  #extents: Extent[] = [];
  #localBytes = 0;

  get sizeBytes(): number {
    return this.#extents.at(-1)?.end ?? 0;
  }

  /** Bytes that are local. */
  get localBytes(): number {
    return this.#localBytes;
  }

  get all(): readonly Extent[] {
    return this.#extents;
  }

  /** The extents that cover a range, cut to it; what lies beyond the end of the file is left out. */
  slices(start: number, end: number): Extent[] {
    const result: Extent[] = [];
    for (let index = this.#indexOf(start); index < this.#extents.length; index += 1) {
      const extent = this.#extents[index];
      if (extent === undefined || extent.start >= end) break;
      const cut = cutTo(extent, start, end);
      if (cut !== undefined) result.push(cut);
    }
    return result;
  }

  /** Says where a range is from now on; a gap before it reads as zeros, and the file grows as far as it reaches. */
  set(start: number, end: number, content: Content): void {
    if (end <= start) return;
    if (start > this.sizeBytes) this.#replace(this.sizeBytes, start, ZEROS);
    this.#replace(start, end, content);
  }

  /** Cuts, or grows by a hole. */
  truncate(sizeBytes: number): void {
    if (sizeBytes > this.sizeBytes) {
      this.#replace(this.sizeBytes, sizeBytes, ZEROS);
      return;
    }
    const kept = this.#indexOf(sizeBytes);
    const last = this.#extents[kept];
    const cut = last === undefined ? undefined : cutTo(last, 0, sizeBytes);
    const gone = this.#extents.splice(kept);
    if (cut !== undefined) this.#extents.push(cut);
    this.#localBytes += localBytesOf(cut === undefined ? [] : [cut]) - localBytesOf(gone);
  }

  /** After all bytes were saved: each range is also in the version that holds the whole file. */
  rebase(version: Version): void {
    const before = this.#extents;
    this.#extents = [];
    for (const { start, end, source } of before) {
      const now = source === 'sent' ? 'away' : source;
      this.#append({ start, end, source: now, copy: { version, offset: start } });
    }
  }

  /** S3 will not have a version any more: what is local or a hole is only that. */
  forget(version: Version): void {
    const before = this.#extents;
    this.#extents = [];
    for (const extent of before) {
      const isCopied = extent.copy?.version === version && extent.source !== 'away';
      this.#append(isCopied ? { ...extent, copy: undefined } : extent);
    }
  }

  #replace(start: number, end: number, content: Content): void {
    const first = this.#indexOf(start);
    let after = first;
    while ((this.#extents[after]?.start ?? Infinity) < end) after += 1;
    const head = this.#extents[first];
    const tail = this.#extents[after - 1];
    const before = this.#extents[first - 1];
    const behind = this.#extents[after];
    const pieces = [
      before,
      head === undefined ? undefined : cutTo(head, 0, start),
      { ...content, start, end },
      tail === undefined ? undefined : cutTo(tail, end, Infinity),
      behind,
    ].filter((piece) => piece !== undefined);
    const from = Math.max(0, first - 1);
    const count = (behind === undefined ? after : after + 1) - from;
    const now = joined(pieces);
    const gone = this.#extents.splice(from, count, ...now);
    this.#localBytes += localBytesOf(now) - localBytesOf(gone);
  }

  #append(extent: Extent): void {
    const last = this.#extents.at(-1);
    const both = last === undefined ? undefined : join(last, extent);
    if (both === undefined) this.#extents.push(extent);
    else this.#extents[this.#extents.length - 1] = both;
  }

  /** Index of the extent that holds an offset, or the count of extents. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#extents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#extents[middle]?.end ?? Infinity) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function localBytesOf(extents: readonly Extent[]): number {
  return extents.reduce((sum, { start, end, source }) => sum + (source === 'local' ? end - start : 0), 0);
}

/** The part of an extent inside a range. */
function cutTo(extent: Extent, from: number, to: number): Extent | undefined {
  const start = Math.max(extent.start, from);
  const end = Math.min(extent.end, to);
  if (end <= start) return undefined;
  const { source, copy } = extent;
  if (copy === undefined) return { start, end, source, copy };
  return {
    start,
    end,
    source,
    copy: { version: copy.version, offset: copy.offset + start - extent.start },
  };
}

function joined(pieces: readonly Extent[]): Extent[] {
  const result: Extent[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    const both = last === undefined ? undefined : join(last, piece);
    if (both === undefined) result.push(piece);
    else result[result.length - 1] = both;
  }
  return result;
}

/** Two neighbours as one, where their bytes follow each other in one place. */
function join(left: Extent, right: Extent): Extent | undefined {
  if (left.end !== right.start || left.source !== right.source) return undefined;
  if (!follows(left, right)) return undefined;
  return { ...left, end: right.end };
}

/** Whether two neighbouring extents have copies that are neighbours in one version, or none both. */
export function follows(left: Extent, right: Extent): boolean {
  if (left.copy === undefined || right.copy === undefined) return left.copy === right.copy;
  const isOne = left.copy.version === right.copy.version;
  return isOne && left.copy.offset + (left.end - left.start) === right.copy.offset;
}
