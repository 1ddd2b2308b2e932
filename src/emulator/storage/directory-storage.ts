import type { LoadedState } from './backing.js';
import { openDataFolder } from './data-folder.js';
import { FileBlobs } from './file-blobs.js';
import { FileRecords } from './file-records.js';
import { IndexedStorage } from './indexed-storage.js';
import type { Storage, StorageOptions } from './storage.js';

/**
 * Buckets and objects in a folder; they are there again after a restart, and what a crash left half done is removed.
 * Descriptions are held in memory too (about 1 KB for each object).
 *
 * @throws Failure `usage` where the folder can not be used.
 */
export async function createDirectoryStorage(path: string, options: StorageOptions = {}): Promise<Storage> {
  const folder = await openDataFolder(path);
  try {
    const records = new FileRecords(folder);
    const blobs = new FileBlobs(folder);
    const loaded = await records.load();
    await blobs.removeUnreferenced(referencedBlobs(loaded));
    return new IndexedStorage(blobs, records, loaded, options);
  } catch (error) {
    await folder.close();
    throw error;
  }
}

function referencedBlobs({ versions, uploads }: LoadedState): ReadonlySet<string> {
  const bodies = [
    ...versions.map(({ record }) => record.version.body),
    ...uploads.flatMap(({ parts }) => parts.map((part) => part.body)),
  ];
  return new Set(bodies.flatMap((body) => body.segments.map((segment) => segment.blobId)));
}
