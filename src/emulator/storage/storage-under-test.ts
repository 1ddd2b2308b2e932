import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createDirectoryStorage } from './directory-storage.js';
import { createMemoryStorage } from './memory-storage.js';
import type { ListResult, ObjectDescription, ObjectVersion, Storage } from './storage.js';

export const PLAIN: ObjectDescription = { metadata: {}, headers: {}, storageClass: 'STANDARD', tags: {} };
export const BUCKET = 'bucket-a';

/** Parts of tests are small. */
const OPTIONS = { minimumPartBytes: 100 };

/** The implementations; every test of the storage runs over each. */
export const STORAGE_KINDS: readonly {
  readonly name: string;
  readonly open: (folder: string) => Promise<Storage>;
}[] = [
  { name: 'memory', open: () => Promise.resolve(createMemoryStorage(OPTIONS)) },
  { name: 'directory', open: async (folder) => await createDirectoryStorage(join(folder, 'data'), OPTIONS) },
];

/** A storage with one bucket, and short ways to use it. */
export interface StorageUnderTest {
  readonly storage: Storage;
  put(key: string, bytes?: Uint8Array | string): Promise<ObjectVersion>;
  setVersioning(versioning: 'Enabled' | 'Suspended'): Promise<void>;
  contentOf(key: string, versionId?: string): Promise<string | undefined>;
  end(): Promise<void>;
}

export async function openForTest(open: (folder: string) => Promise<Storage>): Promise<StorageUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-storage-'));
  const storage = await open(folder);
  await storage.createBucket(BUCKET, 'us-east-1');
  return {
    storage,
    put: async (key, bytes = key) =>
      await storage.publish(BUCKET, key, await storage.stage(pieces(Buffer.from(bytes))), PLAIN),
    setVersioning: async (versioning) => {
      await storage.updateBucket(BUCKET, (current) => ({ ...current, versioning }));
    },
    contentOf: async (key, versionId) => {
      const version = storage.findVersion(BUCKET, key, versionId);
      return version === undefined ? undefined : (await bytesOf(storage.read(version))).toString();
    },
    end: async () => {
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The bytes as a body that arrives bit by bit. */
export async function* pieces(bytes: Uint8Array, pieceBytes = 64 * 1024): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    await Promise.resolve();
    yield Buffer.from(bytes.subarray(at, at + pieceBytes));
  }
}

export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // A byte stream without encoding yields Buffers.
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

export function keysOf(result: ListResult): string[] {
  return result.entries.map((entry) => (entry.kind === 'object' ? entry.version.key : entry.prefix));
}
