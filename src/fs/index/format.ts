import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { STORAGE_CLASSES } from '../../config/storage-class.js';
import type { ObjectEncryption } from '../../s3/store.js';
import type { IndexedObject } from './facts.js';

const VERSION = 2;
/** A foreign object that unpacks to more is no index of ours: rows end at {@link ROWS_MAX_BYTES}. */
const UNPACKED_MAX_BYTES = 64 * 1024 * 1024;
/** About 40,000 rows of ordinary files. Entries beyond are asked for by HEAD, as without an index. */
const ROWS_MAX_BYTES = 16 * 1024 * 1024;

type Rare = Pick<IndexedObject, 'target' | 'encryption' | 'tagCount'>;
const encryptionSchema = z.object({
  algorithm: z.string(),
  kmsKeyId: z.string().optional(),
  bucketKey: z.boolean().optional(),
});
const rareSchema = z.object({
  target: z.string().optional(),
  encryption: encryptionSchema.optional(),
  tagCount: z.number().optional(),
});

const compress = promisify(gzip);
const uncompress = promisify(gunzip);

/**
 * The bytes of an index object: gzip of JSON `{version, directory, rows}`; a row is an array of name, ETag, size,
 * Last-Modified in ms, user metadata, content headers, storage class, and what few objects have. The name of the directory's
 * own object is empty.
 */
export async function encodeIndex(
  directory: string,
  rows: ReadonlyMap<string, IndexedObject>,
): Promise<Buffer> {
  const lines: string[] = [];
  let sizeBytes = 0;
  for (const [name, row] of rows) {
    const line = JSON.stringify(toRow(name, row));
    sizeBytes += line.length;
    if (sizeBytes > ROWS_MAX_BYTES) break;
    lines.push(line);
  }
  const head = `{"version":${VERSION},"directory":${JSON.stringify(directory)},"rows":[`;
  return await compress(`${head}\n${lines.join(',\n')}\n]}\n`);
}

/**
 * Reads an index object. Rows that are not whole are left out.
 *
 * @returns `undefined` where the bytes are no index of this directory in a version that we know.
 */
export async function decodeIndex(
  directory: string,
  bytes: Uint8Array,
): Promise<Map<string, IndexedObject> | undefined> {
  try {
    const unpacked = await uncompress(bytes, { maxOutputLength: UNPACKED_MAX_BYTES });
    const parsed: unknown = JSON.parse(unpacked.toString('utf8'));
    if (!isRecord(parsed) || parsed['version'] !== VERSION || parsed['directory'] !== directory) {
      return undefined;
    }
    const rows = Array.isArray(parsed['rows']) ? (parsed['rows'] as unknown[]) : [];
    return new Map(rows.map(fromRow).filter((row) => row !== undefined));
  } catch {
    return undefined;
  }
}

function toRow(name: string, row: IndexedObject): unknown[] {
  const { etag, sizeBytes, lastModifiedMs, metadata, headers, storageClass, target, encryption, tagCount } =
    row;
  const facts = [name, etag, sizeBytes, lastModifiedMs, metadata, headers, storageClass];
  const rare: Rare = {
    ...(target === undefined ? {} : { target }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(tagCount === undefined ? {} : { tagCount }),
  };
  return Object.keys(rare).length === 0 ? facts : [...facts, rare];
}

function fromRow(row: unknown): [string, IndexedObject] | undefined {
  if (!Array.isArray(row)) return undefined;
  const [name, etag, sizeBytes, lastModifiedMs, metadata, headers, className, rare] = row as unknown[];
  const storageClass = STORAGE_CLASSES.find((known) => known === className);
  if (typeof name !== 'string' || typeof etag !== 'string' || storageClass === undefined) return undefined;
  if (typeof sizeBytes !== 'number' || typeof lastModifiedMs !== 'number') return undefined;
  if (!isTexts(metadata) || !isTexts(headers)) return undefined;
  // Every content header is a text under its own name, and `isTexts` has looked at that.
  const facts = { etag, sizeBytes, lastModifiedMs, metadata, headers, storageClass };
  if (rare === undefined) return [name, facts];
  const { data } = rareSchema.safeParse(rare);
  return data === undefined ? undefined : [name, { ...facts, ...rareFacts(data) }];
}

function rareFacts({ target, encryption, tagCount }: z.infer<typeof rareSchema>): Rare {
  return {
    ...(target === undefined ? {} : { target }),
    ...(encryption === undefined ? {} : { encryption: encryptionOf(encryption) }),
    ...(tagCount === undefined ? {} : { tagCount }),
  };
}

function encryptionOf({
  algorithm,
  kmsKeyId,
  bucketKey,
}: z.infer<typeof encryptionSchema>): ObjectEncryption {
  return {
    algorithm,
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    ...(bucketKey === undefined ? {} : { bucketKey }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
}
