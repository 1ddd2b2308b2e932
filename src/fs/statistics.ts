import { monotonicMs } from './clock.js';
import type { Context } from './context.js';
import { orAbort } from './locks.js';
import { NAME_MAX_BYTES } from './names.js';
import type { FileSystemStatistics, Request } from './operations.js';

const BLOCK_BYTES = 4096;
/** So long a count is told: a listing of a large bucket takes many requests, and df(1) is asked often. */
const COUNT_TTL_MS = 60_000;

/** S3 has no size: 1 PiB, all free, so that programs that look for room find it. */
const UNLIMITED: FileSystemStatistics = {
  blockSizeBytes: BLOCK_BYTES,
  blocks: 2n ** 38n,
  blocksFree: 2n ** 38n,
  blocksAvailable: 2n ** 38n,
  files: 2n ** 32n,
  filesFree: 2n ** 32n,
  nameMaxBytes: NAME_MAX_BYTES,
};

interface Count {
  /** Each object rounded up to whole blocks. */
  readonly blocks: bigint;
  readonly objects: bigint;
  readonly atMs: number;
}

/**
 * statfs(2). Without `mount.capacity` nothing is known and nothing is asked. With it the bytes in use are those of a
 * complete listing, at most a minute old.
 */
export class Statistics {
  #counted: Count | undefined;
  #counting: Promise<Count> | undefined;

  /** @throws Failure of the store, where nothing was counted yet. */
  async tell(context: Context, { signal }: Request): Promise<FileSystemStatistics> {
    const { capacity } = context.mount;
    if (capacity === undefined) return UNLIMITED;
    const total = BigInt(Math.floor(capacity / BLOCK_BYTES));
    const { blocks, objects } = await this.#count(context, signal);
    const free = total > blocks ? total - blocks : 0n;
    return {
      ...UNLIMITED,
      blocks: total,
      blocksFree: free,
      blocksAvailable: free,
      filesFree: UNLIMITED.files - objects,
    };
  }

  async #count(context: Context, signal: AbortSignal): Promise<Count> {
    const counted = this.#counted;
    if (counted !== undefined && monotonicMs() - counted.atMs < COUNT_TTL_MS) return counted;
    this.#counting ??= countAll(context)
      .then((count) => (this.#counted = count))
      .finally(() => {
        this.#counting = undefined;
      });
    return await orAbort(this.#counting, signal);
  }
}

async function countAll(context: Context): Promise<Count> {
  const atMs = monotonicMs();
  let [blocks, objects] = [0n, 0n];
  let token: string | undefined;
  do {
    const more = token === undefined ? {} : { continuationToken: token };
    const page = await context.store.list({ prefix: context.prefix, ...more });
    for (const { sizeBytes } of page.objects) blocks += BigInt(Math.ceil(sizeBytes / BLOCK_BYTES));
    objects += BigInt(page.objects.length);
    token = page.continuationToken;
  } while (token !== undefined);
  return { blocks, objects, atMs };
}
