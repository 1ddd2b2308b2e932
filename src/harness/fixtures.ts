import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, opendir, readFile, realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { packageRoot } from '../config/paths.js';
import { Failure, usageError } from '../errors/failure.js';
import type { FixtureFile } from './api/case.js';

const manifestSchema = z.strictObject({
  files: z.array(
    z.strictObject({
      /** Path below `fixtures/files`. */
      name: z.string(),
      /** `pdf`, `sqlite`, `text`: what the content is, whatever the name says. */
      kind: z.string(),
      sizeBytes: z.number().int(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      /** Program and version. */
      madeBy: z.string(),
      licence: z.string(),
    }),
  ),
});
export type FixtureManifest = z.infer<typeof manifestSchema>;

/**
 * The real files that come with the package, each checked against the manifest.
 *
 * @param folder - @defaultValue `fixtures/` of the package.
 * @throws Failure `bad-checksum` where a file is missing or is not the file of the manifest.
 */
export async function loadFixtures(
  folder: string = join(packageRoot, 'fixtures'),
): Promise<readonly FixtureFile[]> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')));
  const files: FixtureFile[] = [];
  for (const { name, sizeBytes, sha256 } of manifest.files) {
    const path = join(folder, 'files', name);
    const found = await describeFile(name, path).catch(() => undefined);
    if (found?.sizeBytes !== sizeBytes || found.sha256 !== sha256) {
      throw new Failure('bad-checksum', `The fixture ${path} is not the file of the manifest`, {
        subject: path,
        remedy: 'Restore fixtures/ from the package or repository',
      });
    }
    files.push(found);
  }
  return files;
}

/**
 * The user's own files for `--data DIR`, all levels deep, sorted by name. They are only read. A symbolic link is taken
 * where it leads to a regular file below the folder, and passed over otherwise; devices, sockets and pipes too.
 *
 * @throws Failure `usage` where the folder is missing, is a file, can not be read, or holds no file.
 */
export async function scanData(folder: string, signal?: AbortSignal): Promise<readonly FixtureFile[]> {
  const files: FixtureFile[] = [];
  for (const { name, path } of await listData(folder, signal)) {
    signal?.throwIfAborted();
    files.push(await describeFile(name, path));
  }
  return files;
}

/** The same without what has to be read for it: names and paths. */
export async function listData(
  folder: string,
  signal?: AbortSignal,
): Promise<readonly Pick<FixtureFile, 'name' | 'path'>[]> {
  const root = await dataRoot(folder);
  const names = (await collectNames(root, signal)).sort();
  if (names.length === 0) {
    throw usageError(
      `The data directory ${root} holds no file`,
      'Give a directory with at least one file',
      root,
    );
  }
  return names.map((name) => ({ name, path: join(root, name) }));
}

async function dataRoot(folder: string): Promise<string> {
  const path = resolve(folder);
  const remedy = 'Give an existing directory with files that you may read: --data DIR';
  let isDirectory: boolean;
  let real: string;
  try {
    real = await realpath(path);
    isDirectory = (await lstat(real)).isDirectory();
  } catch {
    throw usageError(`The data directory ${path} does not exist`, remedy, path);
  }
  if (!isDirectory) throw usageError(`The data path ${path} is not a directory`, remedy, path);
  return real;
}

async function collectNames(root: string, signal: AbortSignal | undefined): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(root, { recursive: true })) {
      signal?.throwIfAborted();
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() || (entry.isSymbolicLink() && (await leadsToFileBelow(root, path)))) {
        names.push(relative(root, path));
      }
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw new Failure('usage', `The data directory ${root} can not be read: ${Failure.from(cause).message}`, {
      subject: root,
      remedy: 'Give a directory that you may read whole',
      cause,
    });
  }
  return names;
}

async function leadsToFileBelow(root: string, path: string): Promise<boolean> {
  try {
    const target = await realpath(path);
    return target.startsWith(root + sep) && (await lstat(target)).isFile();
  } catch {
    return false;
  }
}

async function describeFile(name: string, path: string): Promise<FixtureFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      sizeBytes += chunk.length;
      hash.update(chunk);
    }
  });
  return { name, path, sizeBytes, sha256: hash.digest('hex') };
}
