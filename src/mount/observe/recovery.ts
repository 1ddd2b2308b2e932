import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Bytes that could not be saved, and where they were meant to go. */
export const recoveredFile = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  key: z.string().optional(),
  reason: z.string().optional(),
  savedAt: z.string().optional(),
});
export type RecoveredFile = z.infer<typeof recoveredFile>;

/** More are counted, not listed. */
const MOST_LISTED = 1000;

const NOTE = '.json';

export function recoveryFolder(cacheFolder: string): string {
  return join(cacheFolder, 'recovery');
}

/** How many files lie in the recovery folder of a cache folder. */
export async function countRecovered(cacheFolder: string): Promise<number> {
  return (await recoveredNames(cacheFolder)).length;
}

/** What lies in the recovery folder of a cache folder; empty where there is none. */
export async function listRecovered(cacheFolder: string): Promise<readonly RecoveredFile[]> {
  const folder = recoveryFolder(cacheFolder);
  const names = (await recoveredNames(cacheFolder)).sort();
  return Promise.all(names.slice(0, MOST_LISTED).map((name) => describeFile(join(folder, name))));
}

async function recoveredNames(cacheFolder: string): Promise<string[]> {
  const names = await readdir(recoveryFolder(cacheFolder)).catch(() => []);
  return names.filter((name) => !name.endsWith(NOTE));
}

async function describeFile(path: string): Promise<RecoveredFile> {
  const [sizeBytes, note] = await Promise.all([
    stat(path).then(
      ({ size }) => size,
      () => 0,
    ),
    readFile(`${path}${NOTE}`, 'utf8').then(readNote, () => ({})),
  ]);
  return { path, sizeBytes, ...note };
}

/** A note that is cut short (a crash) is worth nothing, and no failure. */
function readNote(text: string): Partial<RecoveredFile> {
  try {
    return recoveredFile.pick({ key: true, reason: true, savedAt: true }).parse(JSON.parse(text));
  } catch {
    return {};
  }
}
