import { Failure } from '../errors/failure.js';
import { monotonicMs } from './clock.js';
import { nameLock, nodeLock, type Context } from './context.js';
import { releaseStage } from './data/content.js';
import type { DirectoryNode, FileNode } from './nodes/node.js';
import { within } from './nodes/subtree.js';
import type { Request } from './operations.js';

/** From an open that is refused to the lookup with which the kernel tries once more, on a busy machine. */
const REFUSED_MS = 1_000;
/** From the reply to that lookup to its open. */
const AWAITED_MS = 200;
const MOST_NAMES = 1_000;

/**
 * Names whose file was replaced or removed between the lookup and the open of one open(2). The kernel tries such a call
 * once more and no second time (Linux `do_filp_open`), and where renames follow each other the next one would take the
 * file away again. So what the second lookup finds counts as open until its open comes: who takes the name away then
 * keeps the bytes readable, as for any open file.
 */
export class AwaitedOpens {
  readonly #refusedUntilMs = new Map<string, number>();
  /** The thread whose open of a file was refused last. */
  readonly #refusedThread = new WeakMap<FileNode, number>();

  /**
   * An open finds that its file has lost its name. The kernel looks the name up again for the second try; a thread that
   * comes with this very inode once more has it from a descriptor (O_PATH) by way of /proc, and no name to look up.
   *
   * @returns Whether the open is refused.
   */
  isRefused(node: FileNode, { pid }: Pick<Request, 'pid'>): boolean {
    if (this.#refusedThread.get(node) === pid) return false;
    this.#refusedThread.set(node, pid);
    if (node.lastPlace === undefined) return true;
    const { directory, name } = node.lastPlace;
    if (this.#refusedUntilMs.size >= MOST_NAMES) this.#refusedUntilMs.clear();
    this.#refusedUntilMs.set(nameLock(directory, name), monotonicMs() + REFUSED_MS);
    return true;
  }

  /** A lookup has found the file. Costs nothing where no open of the name was refused. */
  noteFound(context: Context, directory: DirectoryNode, name: string, node: FileNode): void {
    if (this.#refusedUntilMs.size === 0) return;
    const key = nameLock(directory, name);
    const untilMs = this.#refusedUntilMs.get(key);
    if (untilMs === undefined) return;
    this.#refusedUntilMs.delete(key);
    if (monotonicMs() <= untilMs) hold(context, node);
  }
}

function hold(context: Context, node: FileNode): void {
  node.openCount += 1;
  setTimeout(() => {
    letGo(context, node).catch((reason: unknown) => {
      context.log.debug({ reason: Failure.from(reason).message }, 'bytes that nobody opened are kept');
    });
  }, AWAITED_MS).unref();
}

async function letGo(context: Context, node: FileNode): Promise<void> {
  node.openCount -= 1;
  await within([node.parent], undefined, () =>
    context.locks.run([nodeLock(node)], () => releaseStage(context, node)),
  );
  context.table.settle(node);
}
