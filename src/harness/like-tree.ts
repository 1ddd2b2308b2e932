import { lstat, opendir, readlink, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure, usageError } from '../errors/failure.js';
import { namedPaths, type LikeEntry, type LikeTree } from './api/like.js';
import type { ChosenSuite } from './suite-choice.js';

/** The case that replays the tree. */
export const LIKE_CASE = { suite: 'integrity', id: 'like/tree' } as const;

const MIB = 1024 * 1024;
const REMEDY = 'Name a folder that you may read: --like DIR';

/** How much of a tree is replayed; what lies beyond is said in the case's note. */
export interface LikeLimits {
  readonly entries: number;
  /** Of all files together. */
  readonly sizeBytes: number;
}

/** Each file is written once and read three times: this much takes minutes on a slow target. */
export const LIKE_LIMITS: LikeLimits = { entries: 10_000, sizeBytes: 256 * MIB };

/**
 * What a run without `--like` does: the case has nothing to replay, and is left out.
 *
 * @throws Failure `usage` where it was chosen alone.
 */
export function withoutLikeCase(suites: readonly ChosenSuite[]): readonly ChosenSuite[] {
  return suites.map((chosen) => {
    if (chosen.suite !== LIKE_CASE.suite || !chosen.only.includes(LIKE_CASE.id)) return chosen;
    const only = chosen.only.filter((id) => id !== LIKE_CASE.id);
    if (only.length > 0) return { ...chosen, only, leftOut: new Set([...chosen.leftOut, LIKE_CASE.id]) };
    throw usageError(`${LIKE_CASE.suite}:${LIKE_CASE.id} replays a tree of yours`, REMEDY);
  });
}

/**
 * The tree that a run with `--like` replays.
 *
 * @throws Failure `usage` where no chosen case replays it, or it can not be scanned. A shard may lack the case: another
 * machine has it.
 */
export async function likeTreeOf(
  folder: string,
  suites: readonly ChosenSuite[],
  isShard: boolean,
  signal: AbortSignal,
): Promise<LikeTree> {
  const isChosen = suites.some(({ suite, only }) => suite === LIKE_CASE.suite && only.includes(LIKE_CASE.id));
  if (!isChosen && !isShard) {
    const { suite, id } = LIKE_CASE;
    throw usageError(`--like is for the case ${suite}:${id}, which is not chosen`, `Run the suite ${suite}`);
  }
  return scanLikeTree(folder, signal);
}

/**
 * Reads names, sizes and link texts of a folder, never a byte of a file, breadth first: where a limit cuts, the upper
 * levels are there. No link is followed below the folder.
 *
 * @throws Failure `usage` where the folder is missing, is no directory, can not be read, or holds nothing to replay.
 */
export async function scanLikeTree(
  folder: string,
  signal: AbortSignal,
  limits: LikeLimits = LIKE_LIMITS,
): Promise<LikeTree> {
  const root = resolve(folder);
  await checkRoot(root);
  const scan = new Scan(root, limits);
  const folders = [''];
  // Grows while it is walked.
  for (const path of folders) {
    for (const name of await scan.namesIn(path)) {
      signal.throwIfAborted();
      const below = path === '' ? name : `${path}/${name}`;
      if (await scan.takes(below)) folders.push(below);
    }
  }
  const tree = { entries: scan.entries, notes: scan.notes() };
  if (tree.entries.length > 0) return tree;
  throw usageError(
    `${root} holds nothing that can be replayed`,
    'Name a folder with files: --like DIR',
    root,
  );
}

async function checkRoot(root: string): Promise<void> {
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(root)).isDirectory();
    if (isDirectory) await (await opendir(root)).close();
  } catch (cause) {
    const code = codeOf(cause);
    const what = code === 'ENOENT' ? 'does not exist' : `can not be read (${code})`;
    throw new Failure('usage', `The folder ${root} ${what}`, { subject: root, remedy: REMEDY, cause });
  }
  if (!isDirectory) throw usageError(`${root} is not a directory`, REMEDY, root);
}

/** What was found, and what was left out and why. */
class Scan {
  readonly entries: LikeEntry[] = [];
  readonly #root: Buffer;
  readonly #limits: LikeLimits;
  readonly #tooMuch: string[] = [];
  readonly #otherKind: string[] = [];
  readonly #unreadable: string[] = [];
  #sizeBytes = 0;
  #isCut = false;

  constructor(root: string, limits: LikeLimits) {
    this.#root = Buffer.from(`${root}/`);
    this.#limits = limits;
  }

  /** Sorted; of a folder with more names than the limit leaves room for, the first that it gives. */
  async namesIn(folder: string): Promise<readonly string[]> {
    const names: string[] = [];
    const room = this.#limits.entries - this.entries.length;
    try {
      // A Dirent's name is what the encoding says; its type speaks of strings only.
      for await (const { name } of await opendir(this.#at(folder), {
        encoding: 'latin1' as BufferEncoding,
      })) {
        if (names.length === room) {
          this.#isCut = true;
          break;
        }
        names.push(name);
      }
    } catch (reason) {
      this.#unreadable.push(`${folder} (${codeOf(reason)})`);
    }
    return names.sort();
  }

  /** @returns Whether it is a directory to go into. */
  async takes(path: string): Promise<boolean> {
    try {
      const status = await lstat(this.#at(path));
      if (status.isDirectory()) {
        this.entries.push({ kind: 'directory', path });
        return true;
      }
      if (status.isSymbolicLink()) {
        this.entries.push({ kind: 'symlink', path, text: await readlink(this.#at(path), 'latin1') });
      } else if (status.isFile()) {
        this.#takeFile(path, status.size);
      } else {
        this.#otherKind.push(path);
      }
    } catch (reason) {
      this.#unreadable.push(`${path} (${codeOf(reason)})`);
    }
    return false;
  }

  notes(): string[] {
    const { entries, sizeBytes } = this.#limits;
    return [
      ...(this.#isCut ? [`cut after ${entries.toLocaleString('en')} entries`] : []),
      ...told(`left out, for all files together may have ${sizeBytes} bytes`, this.#tooMuch),
      ...told('left out, neither file, directory nor symbolic link', this.#otherKind),
      ...told('could not be read', this.#unreadable),
    ];
  }

  /** A file beyond the limit is left out; smaller ones after it still go in. */
  #takeFile(path: string, sizeBytes: number): void {
    if (this.#sizeBytes + sizeBytes > this.#limits.sizeBytes) {
      this.#tooMuch.push(path);
      return;
    }
    this.#sizeBytes += sizeBytes;
    this.entries.push({ kind: 'file', path, sizeBytes });
  }

  #at(path: string): Buffer {
    return Buffer.concat([this.#root, Buffer.from(path, 'latin1')]);
  }
}

function told(what: string, paths: readonly string[]): string[] {
  return paths.length === 0 ? [] : [`${what}: ${namedPaths(paths)}`];
}

function codeOf(reason: unknown): string {
  const isCoded = typeof reason === 'object' && reason !== null && 'code' in reason;
  return isCoded ? String(reason.code) : String(reason);
}
