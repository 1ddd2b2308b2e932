import { text } from 'node:stream/consumers';
import { Failure } from '../../errors/failure.js';
import type { ListedObject } from '../../s3/store.js';
import { monotonicMs } from '../clock.js';
import type { Context } from '../context.js';
import { settleGroup } from '../links/group.js';
import { finishUpdate } from '../links/update.js';
import { finishExchange } from '../namespace/exchange-keys.js';
import { moveTree } from '../namespace/move-keys.js';
import { listAll } from '../namespace/tree.js';
import { headOrNothing } from '../objects.js';
import { intentSchema, type Intent, type Operation, type OperationOf } from './intent.js';
import { intentsPrefix, LEASE_MS } from './log.js';
import { isRunning } from './owner.js';

/** Own operations that failed half way are tried again after this time. */
const RETRY_MS = 5000;
/** S3 refuses requests of clocks that are off by more (RequestTimeTooSkewed). */
const CLOCK_SKEW_MS = 15 * 60_000;

/** Ends what other mounts, or failed operations of this one, have left half done. */
export class Recovery {
  readonly #context: Context;
  /** Records of others that may be at work, with the time since which they have not changed. */
  readonly #watched = new Map<string, { readonly etag: string; readonly sinceMs: number }>();
  #timer: NodeJS.Timeout | undefined;
  #sweep: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Ends at once what surely nobody works on, and looks at the rest from time to time. */
  async start(): Promise<void> {
    if (this.#context.mount.readOnly) return;
    this.#context.intents.onAbandoned(() => {
      this.#later(RETRY_MS);
    });
    await this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweep;
  }

  #later(delayMs: number): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sweep = this.#run().catch((error: unknown) => {
        this.#context.log.warn({ err: error }, 'unfinished operations could not be looked at');
        this.#later(LEASE_MS);
      });
    }, delayMs);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    const context = this.#context;
    let left = 0;
    for (const listed of await listAll(context, intentsPrefix(context))) {
      if (this.#stopped || context.intents.isOpen(listed.key)) continue;
      try {
        if (!(await this.#finish(listed))) left += 1;
      } catch (error) {
        left += 1;
        context.log.error({ key: listed.key, err: error }, 'an unfinished operation could not be finished');
      }
    }
    if (left > 0) this.#later(LEASE_MS);
  }

  /** @returns `false` where somebody may be at work on it. */
  async #finish(listed: ListedObject): Promise<boolean> {
    const context = this.#context;
    const read = await readIntent(context, listed.key);
    if (read === undefined) return true;
    if (this.#mayRun(listed, read.intent)) return false;
    if (!(await claim(context, listed.key, read.intent, read.etag))) return true;
    const { intent } = read.intent;
    await finishOperation(context, intent);
    await context.store.delete(listed.key);
    context.log.info({ operation: intent.operation }, 'finished an operation that was cut off');
    return true;
  }

  #mayRun({ key, etag, lastModifiedMs }: ListedObject, { owner }: Intent): boolean {
    if (owner === undefined || owner.mount === this.#context.intents.owner.mount) return false;
    const runs = isRunning(owner);
    if (runs !== undefined) return runs;
    if (Date.now() - lastModifiedMs > LEASE_MS + CLOCK_SKEW_MS) return false;
    const seen = this.#watched.get(key);
    if (seen?.etag === etag) return monotonicMs() - seen.sinceMs < LEASE_MS;
    this.#watched.set(key, { etag, sinceMs: monotonicMs() });
    return true;
  }
}

async function readIntent(
  context: Context,
  key: string,
): Promise<{ readonly intent: Intent; readonly etag: string } | undefined> {
  try {
    const { head, body } = await context.store.get(key);
    const parsed: unknown = JSON.parse(await text(body));
    return { intent: intentSchema.parse(parsed), etag: head.etag };
  } catch (error) {
    if (error instanceof Failure && error.kind === 'missing') return undefined;
    throw error;
  }
}

/** Of several mounts that find a record, one gets it. */
async function claim(context: Context, key: string, intent: Intent, etag: string): Promise<boolean> {
  const claimed: Intent = { ...intent, owner: context.intents.owner, beat: intent.beat + 1 };
  try {
    await context.store.put(key, Buffer.from(JSON.stringify(claimed)), {
      headers: { contentType: 'application/json' },
      ifMatch: etag,
    });
    return true;
  } catch (error) {
    if (error instanceof Failure && ['precondition-failed', 'missing'].includes(error.kind)) return false;
    throw error;
  }
}

async function finishOperation(context: Context, operation: Operation): Promise<void> {
  switch (operation.operation) {
    case 'rename-directory':
      await moveTree(context, operation);
      return;
    case 'rename-file':
      await finishRename(context, operation);
      return;
    case 'exchange':
      await finishExchange(context, operation);
      return;
    case 'link':
      await settleGroup(context, operation.id, () => operation.names);
      return;
    case 'update-links':
      await finishUpdate(context, operation);
  }
}

/** The old name goes where the new one bears what was to be put there; else nothing has happened yet. */
async function finishRename(context: Context, operation: OperationOf<'rename-file'>): Promise<void> {
  const { from, to, fromEtag, ctime, links } = operation;
  const moved = (await headOrNothing(context, to))?.metadata['ctime'] === ctime;
  if (moved && (await headOrNothing(context, from))?.etag === fromEtag) await context.store.delete(from);
  for (const id of links) await settleGroup(context, id, () => [from, to]);
}
