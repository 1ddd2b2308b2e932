import { mkdir, opendir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { Failure } from '../../errors/failure.js';
import { retrying } from '../../s3/backoff.js';
import { onLocalFile } from '../local-files.js';
import { connectionsOf, ONE_REQUEST_BYTES } from '../plan.js';
import type { CopyContext, CopySummary, ObjectPlace, OnBytes } from './copy-context.js';
import { downloadFile } from './download-file.js';
import { copyOnServer } from './server-copy.js';
import { uploadFile } from './upload-file.js';

/** Where a tree is: a folder, or the keys below a prefix. */
export type TreePlace =
  { readonly kind: 'folder'; readonly path: string } | ({ readonly kind: 'prefix' } & ObjectPlace);

/** One file of a tree, named from its root. */
export interface TreeEntry {
  readonly name: string;
  readonly sizeBytes: number;
}

/** The files of a tree, and what is there but can not be copied. */
export interface Tree {
  readonly entries: readonly TreeEntry[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

export interface TreeProblem {
  readonly name: string;
  readonly failure: Failure;
}

/** Lists a tree; its names are kept in memory. */
export function listTree(context: CopyContext, place: TreePlace): Promise<Tree> {
  return place.kind === 'folder' ? listFolder(place.path, context.signal) : listPrefix(context, place);
}

async function listFolder(root: string, signal: AbortSignal): Promise<Tree> {
  const entries: TreeEntry[] = [];
  const skipped: { name: string; reason: string }[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const path = join(root, folder);
    const directory = await onLocalFile(path, () => opendir(path));
    for await (const entry of directory) {
      signal.throwIfAborted();
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        folders.push(name);
        continue;
      }
      // A link to a file is copied as the file; one to a folder might lead round in a circle.
      const facts = await stat(join(root, name)).catch(() => undefined);
      if (facts?.isFile() === true) entries.push({ name, sizeBytes: facts.size });
      else
        skipped.push({
          name,
          reason: entry.isSymbolicLink() ? 'a link, but not to a file' : 'no regular file',
        });
    }
  }
  return { entries, skipped };
}

async function listPrefix(context: CopyContext, { bucket, key: prefix }: ObjectPlace): Promise<Tree> {
  const { signal } = context;
  const store = context.storeFor(bucket);
  const entries: TreeEntry[] = [];
  const skipped: { name: string; reason: string }[] = [];
  let continuationToken: string | undefined;
  do {
    const options = { prefix, signal, ...(continuationToken === undefined ? {} : { continuationToken }) };
    const page = await retrying(() => store.list(options), { signal });
    for (const { key, sizeBytes } of page.objects) {
      const name = key.slice(prefix.length);
      if (name !== '' && !name.endsWith('/')) entries.push({ name, sizeBytes });
      else if (sizeBytes > 0) skipped.push({ name, reason: 'its key ends with "/", which no file name can' });
    }
    ({ continuationToken } = page);
  } while (continuationToken !== undefined);
  return { entries, skipped };
}

/**
 * Copies a tree: objects of one request side by side, as many as there are connections; larger ones one after another,
 * each over all connections. So no more parts are in flight than for one object, and one object more for each connection.
 * A file that fails does not stop the others.
 *
 * @param onProgress - is told the bytes of all files that are done.
 */
export async function copyTree(
  context: CopyContext,
  source: TreePlace,
  target: TreePlace,
  entries: readonly TreeEntry[],
  onProgress: OnBytes,
): Promise<{ readonly summaries: readonly CopySummary[]; readonly problems: readonly TreeProblem[] }> {
  const summaries: CopySummary[] = [];
  const problems: TreeProblem[] = [];
  const doneBytes = new Map<string, number>();
  const totalBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  let sumBytes = 0;
  const copyOne = async ({ name }: TreeEntry): Promise<void> => {
    if (context.signal.aborted) return;
    try {
      const summary = await copyEntry(context, source, target, name, (bytes) => {
        sumBytes += bytes - (doneBytes.get(name) ?? 0);
        doneBytes.set(name, bytes);
        onProgress(sumBytes, totalBytes);
      });
      summaries.push(summary);
    } catch (reason) {
      problems.push({ name, failure: Failure.from(reason) });
    } finally {
      doneBytes.delete(name);
    }
  };
  const small = pLimit(connectionsOf(context.settings));
  const large = pLimit(1);
  await Promise.all(
    entries.map((entry) => {
      const limit = entry.sizeBytes <= ONE_REQUEST_BYTES ? small : large;
      return limit(() => copyOne(entry));
    }),
  );
  context.signal.throwIfAborted();
  return { summaries, problems };
}

async function copyEntry(
  context: CopyContext,
  source: TreePlace,
  target: TreePlace,
  name: string,
  onProgress: OnBytes,
): Promise<CopySummary> {
  if (target.kind === 'folder') {
    refuseEscape(name);
    const path = join(target.path, name);
    await onLocalFile(path, () => mkdir(dirname(path), { recursive: true }));
    if (source.kind === 'prefix') return downloadFile(context, below(source, name), path, onProgress);
    throw new Failure('usage', 'One of source and destination must be on S3');
  }
  return source.kind === 'folder'
    ? uploadFile(context, join(source.path, name), below(target, name), onProgress)
    : copyOnServer(context, below(source, name), below(target, name), onProgress);
}

function below({ bucket, key }: ObjectPlace, name: string): ObjectPlace {
  return { bucket, key: `${key}${name}` };
}

/**
 * A key may be any text: one with `..` would lead out of the folder.
 *
 * @throws Failure `invalid-argument`.
 */
function refuseEscape(name: string): void {
  const isSafe = name.split('/').every((step) => step !== '' && step !== '.' && step !== '..');
  if (isSafe && !name.includes('\0')) return;
  throw new Failure('invalid-argument', `No file can have the name of the key ${JSON.stringify(name)}`, {
    subject: name,
    remedy: 'Copy it by itself to a name of your choice',
  });
}
