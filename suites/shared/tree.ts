import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CaseContext } from '../../src/harness/api/index.js';
import { sha256, sha256OfFile } from './content.js';

/** What each file has to hold, by its path below a directory. */
export type Contents = ReadonlyMap<string, Buffer>;

const WORDS = [
  'data',
  'Report 2024',
  'läuft',
  '文件',
  'a+b',
  "it's",
  'x'.repeat(120),
  '.hidden',
  'v1.2.3',
  '#tmp~',
];

/** Seeded, from 0 and below `limit`. */
export function pick(context: CaseContext, limit: number): number {
  return Math.floor(context.random() * limit);
}

/** Sizes by their logarithm: most are small, some are at the limit, and each tree has an empty one. */
export function sizeOf(context: CaseContext, index: number, mostBytes: number): number {
  return index === 0 ? 0 : Math.floor(Math.exp(context.random() * Math.log(mostBytes)));
}

/** A seeded path of the file with this number, with blanks and UTF-8 in it, below `tree`. */
export function pathOf(context: CaseContext, index: number, mostDepth: number): string {
  const folders = Array.from({ length: pick(context, mostDepth) }, () => {
    const word = WORDS[pick(context, WORDS.length)] ?? 'data';
    return `${word} d`;
  });
  return ['tree', ...folders, `${index} ${WORDS[pick(context, WORDS.length)] ?? 'data'}`].join('/');
}

/** Makes the directories that it needs, too. */
export async function writeTree(directory: string, contents: Contents): Promise<void> {
  for (const [path, content] of contents) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

/** One line per directory and file, sorted: names, sizes and digests, and nothing that only some programs keep. */
export async function linesOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const lines: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(directory.length + 1);
    if (entry.isDirectory()) lines.push(`${name}/`);
    else lines.push(`${name} ${(await lstat(path)).size} ${await sha256OfFile(path)}`);
  }
  return lines.toSorted();
}

/** What {@link linesOf} has to say of these. */
export function linesFor(contents: Contents): readonly string[] {
  const lines = new Set<string>();
  for (const [path, content] of contents) {
    lines.add(`${path} ${content.length} ${sha256(content)}`);
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) lines.add(`${folder}/`);
  }
  return [...lines].toSorted();
}
