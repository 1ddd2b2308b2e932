import { S3_LIMITS } from '../../transfer/plan.js';
import { follows, type Extent, type Slice } from './extents.js';

/** What decides how an object is put together from parts. */
export interface PartLimits {
  /** Least size of every part but the last. */
  readonly minPartBytes: number;
  readonly maxPartBytes: number;
  readonly maxParts: number;
  /** Size of parts that are uploaded, unless there would be too many. */
  readonly uploadPartBytes: number;
  /** Size of parts that the server copies, unless there would be too many: small enough to run side by side. */
  readonly copyPartBytes: number;
  /** Largest object that one CopyObject takes (S3 API, CopyObject). */
  readonly copyMaxBytes: number;
}

export const DEFAULT_PART_LIMITS: PartLimits = {
  ...S3_LIMITS,
  uploadPartBytes: 8 * 2 ** 20,
  copyPartBytes: 256 * 2 ** 20,
  copyMaxBytes: 5 * 2 ** 30,
};

/** A part of a new object, `end` excluded. */
export interface PlannedPart {
  readonly start: number;
  readonly end: number;
  /** Absent: the bytes are uploaded. */
  readonly copy: Slice | undefined;
}

/**
 * Cuts a file into parts so that the server copies what it has and the rest is uploaded: no part but the last under the
 * minimum, none over the maximum, never too many. Copies that are too short for a part of their own are uploaded with
 * their neighbours. No I/O.
 */
export function planParts(extents: readonly Extent[], limits: PartLimits): readonly PlannedPart[] {
  for (let leastCopyBytes = limits.minPartBytes; ; leastCopyBytes *= 2) {
    const runs = feedShort(runsOf(extents, leastCopyBytes), limits.minPartBytes);
    const parts = cutRuns(runs, limits);
    if (parts.length <= limits.maxParts) return parts;
  }
}

/** Copies of at least `leastCopyBytes` for themselves, everything between them in one piece. */
function runsOf(extents: readonly Extent[], leastCopyBytes: number): PlannedPart[] {
  const runs: PlannedPart[] = [];
  for (const { start, end, copy } of copyRuns(extents)) {
    const isCopy = copy !== undefined && end - start >= leastCopyBytes;
    const last = runs.at(-1);
    if (isCopy || last === undefined || last.copy !== undefined) {
      runs.push({ start, end, copy: isCopy ? copy : undefined });
    } else runs[runs.length - 1] = { ...last, end };
  }
  return runs;
}

/** Extents, those whose copies follow each other as one. */
function copyRuns(extents: readonly Extent[]): Extent[] {
  const runs: Extent[] = [];
  for (const extent of extents) {
    const last = runs.at(-1);
    if (last?.copy !== undefined && follows(last, extent))
      runs[runs.length - 1] = { ...last, end: extent.end };
    else runs.push(extent);
  }
  return runs;
}

/** Gives a piece to upload that is too short for a part some of the copy behind or before it, or all of that. */
function feedShort(runs: readonly PlannedPart[], minPartBytes: number): PlannedPart[] {
  /** The next one last. */
  const rest = [...runs].reverse();
  const done: PlannedPart[] = [];
  for (let run = rest.pop(); run !== undefined; run = rest.pop()) {
    const next = rest.pop();
    const lackBytes = minPartBytes - (run.end - run.start);
    if (next === undefined) {
      done.push(run);
    } else if (run.copy !== undefined || lackBytes <= 0) {
      done.push(run);
      rest.push(next);
    } else if (
      next.copy !== undefined &&
      lengthOf(next) - lackBytes >= (rest.length > 0 ? minPartBytes : 1)
    ) {
      done.push({ ...run, end: run.end + lackBytes });
      rest.push(tailOf(next, lackBytes));
    } else {
      // All of the next; the piece may then touch another one that is uploaded.
      const both = { ...run, end: next.end };
      const behind = rest.at(-1);
      if (behind !== undefined && behind.copy === undefined)
        rest[rest.length - 1] = { ...behind, start: both.start };
      else rest.push(both);
    }
  }
  return done;
}

function lengthOf({ start, end }: PlannedPart): number {
  return end - start;
}

function tailOf({ start, end, copy }: PlannedPart, skipBytes: number): PlannedPart {
  const rest = copy === undefined ? undefined : { version: copy.version, offset: copy.offset + skipBytes };
  return { start: start + skipBytes, end, copy: rest };
}

function cutRuns(runs: readonly PlannedPart[], limits: PartLimits): PlannedPart[] {
  const sum = (isCopy: boolean): number =>
    runs.filter(({ copy }) => (copy !== undefined) === isCopy).reduce((all, run) => all + lengthOf(run), 0);
  const size = (wantedBytes: number, isCopy: boolean): number =>
    Math.min(limits.maxPartBytes, Math.max(wantedBytes, Math.ceil((sum(isCopy) * 4) / limits.maxParts)));
  const uploadBytes = size(limits.uploadPartBytes, false);
  const copyBytes = size(limits.copyPartBytes, true);
  return runs.flatMap((run) =>
    cutRun(run, run.copy === undefined ? uploadBytes : copyBytes, limits.minPartBytes),
  );
}

/** Even pieces of about `wantedBytes`, none under the minimum. */
function cutRun(run: PlannedPart, wantedBytes: number, minPartBytes: number): PlannedPart[] {
  const lengthBytes = lengthOf(run);
  const most = Math.max(1, Math.floor(lengthBytes / minPartBytes));
  const count = Math.min(Math.ceil(lengthBytes / wantedBytes), most);
  const cut = (index: number): number => Math.floor((index * lengthBytes) / count);
  return Array.from({ length: count }, (_none, index) => {
    const { start, copy } = tailOf(run, cut(index));
    return { start, end: run.start + cut(index + 1), copy };
  });
}
