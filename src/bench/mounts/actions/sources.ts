import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { compiledModule } from '../../../config/paths.js';
import { Failure } from '../../../errors/failure.js';
import type { DriverJob } from '../driver-protocol.js';
import { runProgram } from './program.js';

/** A source file: its name in the tree, and where it is on the local disk. */
export interface SourceFile {
  readonly name: string;
  readonly path: string;
}

/**
 * The source tree: the first files of this package's own compiled code, in the order of their names; with more than
 * it has, again under another folder.
 */
export async function sourceFiles(job: Pick<DriverJob, 'amount'>): Promise<readonly SourceFile[]> {
  const root = compiledModule('src');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (paths.length === 0) throw new Failure('internal', `There are no files in ${root}`);
  return Array.from({ length: job.amount }, (_, index) => {
    const path = paths[index % paths.length] ?? '';
    const copy = Math.floor(index / paths.length);
    return { name: join(`copy-${copy}`, relative(root, path)), path };
  });
}

export function archivePath(job: DriverJob): string {
  return join(job.localFolder, `sources-${job.amount}.tar`);
}

/** A local repository with the source tree as its only commit. */
export function repositoryPath(job: DriverJob): string {
  return join(job.localFolder, `sources-${job.amount}.git`);
}

/** Copies the tree, packs it and commits it, once for all targets. */
export async function prepareSources(job: DriverJob): Promise<void> {
  if (existsSync(repositoryPath(job))) return;
  const tree = join(job.localFolder, `sources-${job.amount}`);
  for (const { name, path } of await sourceFiles(job)) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await copyFile(path, join(tree, name));
  }
  await runProgram('tar', ['-cf', archivePath(job), '-C', tree, '.']);
  const git = (...args: readonly string[]) => runProgram('git', ['-C', tree, ...args]);
  const author = ['-c', 'user.name=objectfs', '-c', 'user.email=objectfs@localhost'];
  await git('init', '--quiet');
  await git('add', '--all');
  await git(...author, '-c', 'commit.gpgsign=false', 'commit', '--quiet', '--message', 'sources');
  const bare = `${repositoryPath(job)}.new`;
  await runProgram('git', ['clone', '--quiet', '--bare', tree, bare]);
  // Complete or not there: the name says that all of it is done.
  await rename(bare, repositoryPath(job));
}
