import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import pLimit from 'p-limit';
import type { ListedObject, ObjectStore } from '../../src/s3/store.js';
import { digestOf } from '../../suites/stress/shared/manifest.js';
import { digestOfFile } from '../../suites/stress/shared/writer.js';

const PARALLEL = 4;
const RESERVED = '.objectfs/';
/** What of the reserved names belongs to a step that has not ended: none may be there after a mount has recovered. */
const TEMPORARY = ['intents/', 'probe/'];

/** Every file of the mount with its digest. */
export async function digestsOfMount(root: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  return digests(paths, (path) => digestOfFile(root, path));
}

/** Every file of the bucket with its digest, straight from S3. */
export async function digestsOfStore(store: ObjectStore): Promise<ReadonlyMap<string, string>> {
  const keys = (await listAll(store))
    .map(({ key }) => key)
    .filter((key) => !key.startsWith(RESERVED) && !key.endsWith('/'));
  return digests(keys, async (key) => digestOf(await buffer((await store.get(key)).body)));
}

/** What a crash has left in the bucket that the next mount should have removed: uploads, temporary objects. */
export async function leftInStore(store: ObjectStore, foreignUploadId: string): Promise<readonly string[]> {
  const uploads = await store.listUploads();
  const own = uploads.filter(({ uploadId }) => uploadId !== foreignUploadId);
  const temporary = (await listAll(store, RESERVED)).filter(({ key }) =>
    TEMPORARY.some((folder) => key.startsWith(RESERVED + folder)),
  );
  return [
    ...own.map(({ key, uploadId }) => `upload ${uploadId} of ${key} is left`),
    ...(own.length === uploads.length ? ['the upload of somebody else is gone'] : []),
    ...temporary.map(({ key }) => `${key} is left`),
  ];
}

async function digests(
  paths: readonly string[],
  digest: (path: string) => Promise<string>,
): Promise<ReadonlyMap<string, string>> {
  const limit = pLimit(PARALLEL);
  return new Map(
    await Promise.all(paths.map((path) => limit(async () => [path, await digest(path)] as const))),
  );
}

async function listAll(store: ObjectStore, prefix = ''): Promise<readonly ListedObject[]> {
  const objects: ListedObject[] = [];
  let continuationToken: string | undefined;
  do {
    const page = await store.list({ prefix, ...(continuationToken !== undefined && { continuationToken }) });
    objects.push(...page.objects);
    continuationToken = page.continuationToken;
  } while (continuationToken !== undefined);
  return objects;
}
