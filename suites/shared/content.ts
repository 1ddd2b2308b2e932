import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { CaseContext, DirectStore } from '../../src/harness/api/index.js';

export const MIB = 1024 * 1024;

/** SHA-256 in hex, as in the manifest of fixtures. */
export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of a file without holding it in memory. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: MIB })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The whole object, straight from the bucket. */
export async function objectBytes(store: DirectStore, key: string, signal: AbortSignal): Promise<Buffer> {
  const { body } = await store.get(key, { signal });
  return buffer(body);
}

/** The object behind a path, straight from the bucket. */
export function bytesBehind(context: CaseContext, path: string): Promise<Buffer> {
  return objectBytes(context.store, context.store.keyOf(path), context.signal);
}

/** One line per entry of a tree, sorted: path, type, mode, mtime of files, size and SHA-256. */
export async function treeLines(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const lines = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(root.length + 1);
      const status = await stat(path, { bigint: true });
      const mode = (status.mode & 0o7777n).toString(8);
      if (entry.isDirectory()) return `${name} directory ${mode}`;
      return `${name} file ${mode} ${status.mtimeNs} ${status.size} ${await sha256OfFile(path)}`;
    }),
  );
  return lines.toSorted();
}
