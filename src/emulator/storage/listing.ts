import type { BucketState, KeyHistory } from './bucket-state.js';
import { afterPrefix, fromSortable, toSortable } from './key-order.js';
import type { SortedMap } from './sorted-map.js';
import type {
  ListEntry,
  ListRequest,
  ListResult,
  UploadListEntry,
  UploadListRequest,
  UploadListResult,
  VersionListEntry,
  VersionListRequest,
  VersionListResult,
} from './storage.js';

interface Walk {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
  /** The key `after` itself is walked too (the rest of its versions may be wanted). */
  readonly includeAfter: boolean;
}

type Step<E> =
  { readonly kind: 'entry'; readonly entry: E } | { readonly kind: 'prefix'; readonly prefix: string };

/**
 * Walks an index in order, folding by the delimiter. A folded prefix is jumped over by one search, whatever lies
 * below it. Entries that `visible` refuses (delete markers) neither show nor fold.
 */
function* walk<E extends { readonly sortable: string }>(
  index: SortedMap<E>,
  request: Walk,
  visible: (entry: E) => boolean,
): Generator<Step<E>, void> {
  const prefix = toSortable(request.prefix);
  const delimiter = toSortable(request.delimiter);
  const after = toSortable(request.after);
  let from = startOf(prefix, delimiter, after);
  for (;;) {
    let jump: string | undefined;
    for (const entry of index.valuesFrom(from)) {
      const { sortable } = entry;
      if (!sortable.startsWith(prefix)) return;
      if (sortable === after && after !== '' && !request.includeAfter) continue;
      if (!visible(entry)) continue;
      const folded = foldedPrefix(sortable, prefix, delimiter);
      if (folded === undefined) {
        yield { kind: 'entry', entry };
        continue;
      }
      yield { kind: 'prefix', prefix: folded };
      jump = afterPrefix(folded);
      break;
    }
    if (jump === undefined) return;
    from = jump;
  }
}

/** Where `after` is a folded prefix itself, the walk goes on behind all that lies below it. */
function startOf(prefix: string, delimiter: string, after: string): string {
  if (after < prefix) return prefix;
  return foldedPrefix(after, prefix, delimiter) === after ? afterPrefix(after) : after;
}

function foldedPrefix(sortable: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !sortable.startsWith(prefix)) return undefined;
  const at = sortable.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : sortable.slice(0, at + delimiter.length);
}

function hasObject(history: KeyHistory): boolean {
  const newest = history.records.at(-1)?.version;
  return newest !== undefined && !newest.deleteMarker;
}

/** ListObjects and ListObjectsV2. */
export function listObjects(state: BucketState, request: ListRequest): ListResult {
  const entries: ListEntry[] = [];
  let last = '';
  if (request.maxKeys <= 0) return { entries, truncated: false };
  for (const step of walk(state.keys, { ...request, includeAfter: false }, hasObject)) {
    if (entries.length === request.maxKeys) return { entries, truncated: true, next: last };
    if (step.kind === 'prefix') {
      last = fromSortable(step.prefix);
      entries.push({ kind: 'prefix', prefix: last });
      continue;
    }
    const version = step.entry.records.at(-1)?.version;
    if (version === undefined) continue;
    last = version.key;
    entries.push({ kind: 'object', version });
  }
  return { entries, truncated: false };
}

/** ListObjectVersions: keys in order, the versions of a key from the newest. */
export function listVersions(state: BucketState, request: VersionListRequest): VersionListResult {
  const entries: VersionListEntry[] = [];
  if (request.maxKeys <= 0) return { entries, truncated: false };
  const { keyMarker, versionIdMarker } = request;
  const range: Walk = { ...request, after: keyMarker, includeAfter: versionIdMarker !== '' };
  for (const step of walk(state.keys, range, () => true)) {
    const found = step.kind === 'prefix' ? [foldedEntry(step.prefix)] : versionEntries(step.entry);
    const first = found[0];
    const resumes = first?.kind === 'version' && first.version.key === keyMarker;
    for (const entry of resumes ? behindVersion(found, versionIdMarker) : found) {
      if (entries.length === request.maxKeys) return { entries, truncated: true, ...versionMarkers(entries) };
      entries.push(entry);
    }
  }
  return { entries, truncated: false };
}

function foldedEntry(sortable: string): { readonly kind: 'prefix'; readonly prefix: string } {
  return { kind: 'prefix', prefix: fromSortable(sortable) };
}

function versionEntries(history: KeyHistory): VersionListEntry[] {
  return history.records
    .map(({ version }, at): VersionListEntry => ({
      kind: 'version',
      version,
      isLatest: at === history.records.length - 1,
    }))
    .reverse();
}

function behindVersion(entries: readonly VersionListEntry[], versionId: string): readonly VersionListEntry[] {
  const at = entries.findIndex((entry) => entry.kind === 'version' && entry.version.versionId === versionId);
  return at < 0 ? [] : entries.slice(at + 1);
}

function versionMarkers(entries: readonly VersionListEntry[]): {
  nextKeyMarker?: string;
  nextVersionIdMarker?: string;
} {
  const last = entries.at(-1);
  if (last === undefined) return {};
  if (last.kind === 'prefix') return { nextKeyMarker: last.prefix };
  return { nextKeyMarker: last.version.key, nextVersionIdMarker: last.version.versionId };
}

/** ListMultipartUploads: keys in order, the uploads of a key in the order of their start. */
export function listUploads(state: BucketState, request: UploadListRequest): UploadListResult {
  const entries: UploadListEntry[] = [];
  if (request.maxUploads <= 0) return { entries, truncated: false };
  const { keyMarker, uploadIdMarker } = request;
  const range: Walk = { ...request, after: keyMarker, includeAfter: uploadIdMarker !== '' };
  for (const step of walk(state.uploadsByKey, range, () => true)) {
    const found: UploadListEntry[] =
      step.kind === 'prefix'
        ? [foldedEntry(step.prefix)]
        : step.entry.states.map(({ upload }) => ({ kind: 'upload', upload }));
    for (const entry of found) {
      if (entry.kind === 'upload' && entry.upload.key === keyMarker) {
        if (entry.upload.uploadId <= uploadIdMarker) continue;
      }
      if (entries.length === request.maxUploads)
        return { entries, truncated: true, ...uploadMarkers(entries) };
      entries.push(entry);
    }
  }
  return { entries, truncated: false };
}

function uploadMarkers(entries: readonly UploadListEntry[]): {
  nextKeyMarker?: string;
  nextUploadIdMarker?: string;
} {
  const last = entries.at(-1);
  if (last === undefined) return {};
  if (last.kind === 'prefix') return { nextKeyMarker: last.prefix };
  return { nextKeyMarker: last.upload.key, nextUploadIdMarker: last.upload.uploadId };
}
