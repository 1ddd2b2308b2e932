import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { Failure } from '../../errors/failure.js';
import type { UserMetadata } from '../../s3/store.js';
import type { Context } from '../context.js';
import { RESERVED_NAME } from '../names.js';

/** Names of one file carry the same value here. */
export const LINK_METADATA = 'objectfs-link';
const TRIES = 4;

const recordSchema = z.object({
  version: z.literal(1),
  /** Of the file in all mounts, in decimal. */
  ino: z.string().regex(/^\d{1,19}$/),
  /** Last change of the set of names, in the text of the metadata. */
  ctime: z.string(),
  /** Whole keys. The number of links is their count. */
  names: z.array(z.string()),
});
/** What `.objectfs/links/<id>` holds. */
export type LinkRecord = z.infer<typeof recordSchema>;

/** The link group that an object says it belongs to. */
export function linkIdOf(metadata: UserMetadata): string | undefined {
  const id = metadata[LINK_METADATA];
  return id !== undefined && /^[\w-]{1,64}$/.test(id) ? id : undefined;
}

/** Metadata of a file that has one name. */
export function withoutLink(metadata: UserMetadata): UserMetadata {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== LINK_METADATA));
}

export function linksPrefix(context: { readonly prefix: string }): string {
  return `${context.prefix}${RESERVED_NAME}/links/`;
}

export function recordKey(context: { readonly prefix: string }, id: string): string {
  return linksPrefix(context) + id;
}

/** `undefined` where there is none, or none that can be read: each name is then a file of its own. */
export async function readRecord(
  context: Context,
  id: string,
  signal?: AbortSignal,
): Promise<{ readonly record: LinkRecord; readonly etag: string } | undefined> {
  const key = recordKey(context, id);
  try {
    const { head, body } = await context.store.get(key, signal === undefined ? {} : { signal });
    return { record: parseRecord(await text(body)), etag: head.etag };
  } catch (error) {
    if (error instanceof Failure && error.kind === 'missing') return undefined;
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      context.log.error({ key, err: error }, 'a record of hard links is damaged');
      return undefined;
    }
    throw error;
  }
}

/** @throws SyntaxError or ZodError where the text is no record. */
function parseRecord(json: string): LinkRecord {
  const parsed: unknown = JSON.parse(json);
  return recordSchema.parse(parsed);
}

/**
 * Changes a record, or makes it, whoever else changes it at the same time.
 *
 * @param change - Gets what is there now; `undefined` leaves it as it is.
 */
export async function changeRecord(
  context: Context,
  id: string,
  change: (record: LinkRecord | undefined) => LinkRecord | undefined,
): Promise<LinkRecord | undefined> {
  for (let tries = TRIES; ; tries -= 1) {
    const found = await readRecord(context, id);
    const next = change(found?.record);
    if (next === undefined) return found?.record;
    try {
      await putRecord(context, id, next, found?.etag);
      return next;
    } catch (error) {
      const raced = error instanceof Failure && ['precondition-failed', 'missing'].includes(error.kind);
      if (!raced || tries === 1) throw error;
    }
  }
}

/** Writes a record in place of the one with this ETag, or where there was none. */
export async function putRecord(
  context: Context,
  id: string,
  record: LinkRecord,
  replaced: string | undefined,
): Promise<void> {
  await context.store.put(recordKey(context, id), Buffer.from(JSON.stringify(record)), {
    headers: { contentType: 'application/json' },
    ...(replaced === undefined ? { ifAbsent: true } : { ifMatch: replaced }),
  });
}
