import { orAbort } from '../locks.js';
import type { DirectoryNode } from './node.js';

/**
 * Lets a directory be moved or removed while nothing is under way below it. Operations enter the directories that
 * they work in; a frozen directory lets nobody in and waits until those inside have left. Waiting only ever goes
 * down the tree, so nothing waits in a circle: an operation enters all its directories at one time, then freezes,
 * then takes locks of names, then locks of inodes.
 */
export async function within<T>(
  directories: readonly (DirectoryNode | undefined)[],
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  let chain = ancestors(directories);
  for (let frozen = firstFrozen(chain); frozen !== undefined; frozen = firstFrozen(chain)) {
    await orAbort(frozen, signal);
    chain = ancestors(directories);
  }
  for (const directory of chain) directory.active += 1;
  try {
    return await work();
  } finally {
    for (const directory of chain) leave(directory);
  }
}

/** Runs `work` while no operation is inside any of the directories. The caller is inside none of them. */
export async function frozen<T>(directories: readonly DirectoryNode[], work: () => Promise<T>): Promise<T> {
  const [first, ...rest] = directories;
  if (first === undefined) return await work();
  while (first.frozen !== undefined) await first.frozen;
  let thaw: () => void = () => undefined;
  first.frozen = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  try {
    if (first.active > 0) await idle(first);
    return await frozen(rest, work);
  } finally {
    first.frozen = undefined;
    thaw();
  }
}

/** Whether `node` is `ancestor` or lies below it. */
export function isInside(node: DirectoryNode, ancestor: DirectoryNode): boolean {
  for (let at: DirectoryNode | undefined = node; at !== undefined; at = at.parent) {
    if (at === ancestor) return true;
  }
  return false;
}

function ancestors(directories: readonly (DirectoryNode | undefined)[]): Set<DirectoryNode> {
  const result = new Set<DirectoryNode>();
  for (const directory of directories) {
    for (let at = directory; at !== undefined; at = at.parent) result.add(at);
  }
  return result;
}

function firstFrozen(chain: ReadonlySet<DirectoryNode>): Promise<void> | undefined {
  for (const directory of chain) if (directory.frozen !== undefined) return directory.frozen;
  return undefined;
}

function leave(directory: DirectoryNode): void {
  directory.active -= 1;
  if (directory.active > 0) return;
  directory.onIdle?.();
  directory.onIdle = undefined;
}

async function idle(directory: DirectoryNode): Promise<void> {
  await new Promise<void>((resolve) => {
    directory.onIdle = resolve;
  });
}
