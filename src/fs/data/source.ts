import { BLOCK_BYTES, type BlockSource } from '../../cache/block-cache.js';
import { Failure } from '../../errors/failure.js';
import type { ByteRange } from '../../s3/store.js';
import type { Context } from '../context.js';
import { sumUp } from './checked-read.js';
import { addressOf, atAddress, type Address, type Version } from './version.js';
import { badChecksum, readWhole, WHOLE_OBJECT_BYTES } from './whole-read.js';
import { WholeSum } from './whole-sum.js';

/** Reads a version through the block cache. */
export function sourceOf(context: Context, version: Version): BlockSource {
  version.id ??= `${context.store.bucket}/${addressOf(context, version).key} ${version.etag}`;
  const source: BlockSource = {
    id: version.id,
    sizeBytes: version.sizeBytes,
    read: async (firstByte, lastByte, signal) => {
      const range = { firstByte, lastByte };
      return await atAddress(context, version, signal, (address) =>
        readRange(context, { version, source, address }, range, signal),
      );
    },
  };
  return source;
}

interface Reading {
  readonly version: Version;
  readonly source: BlockSource;
  readonly address: Address;
}

/** Where all bytes come at once they are checked before any goes on, else with the last range that was missing. */
async function readRange(
  context: Context,
  { version, source, address }: Reading,
  range: ByteRange,
  signal: AbortSignal,
): ReturnType<BlockSource['read']> {
  const { sizeBytes } = version;
  const { key, etag } = address;
  const { small, large } = context.readChecks;
  const isWhole = range.firstByte === 0 && range.lastByte === sizeBytes - 1;
  if (isWhole && small && sizeBytes <= WHOLE_OBJECT_BYTES) {
    return await readWhole(context, address, sizeBytes, signal);
  }
  const options = { range, ifMatch: etag, pieceBytes: BLOCK_BYTES, signal };
  const { body } = await context.store.get(key, options);
  if (!large || sizeBytes <= WHOLE_OBJECT_BYTES) return body;
  version.sum ??= new WholeSum(sizeBytes);
  const { sum } = version;
  return sumUp(body, { ...range, blockBytes: BLOCK_BYTES }, sum, async () => {
    const found = sum.crc32();
    // Who reads all of it again has it checked again.
    sum.clear();
    await compareWhole(context, version, source, found);
  });
}

/**
 * What was read of a damaged object is forgotten in every cache; who has it open can not read on, so that nobody comes
 * to the end of it without knowing.
 *
 * @throws Failure `bad-checksum`.
 */
async function compareWhole(
  context: Context,
  version: Version,
  source: BlockSource,
  found: string,
): Promise<void> {
  const checksum = await storedChecksum(context, version);
  if (checksum?.algorithm !== 'CRC32' || checksum.type !== 'FULL_OBJECT' || checksum.value === found) return;
  const failure = badChecksum(addressOf(context, version).key, checksum, found);
  context.log.error({ reason: failure.message }, 'a file was read wrong, and is forgotten in all caches');
  version.damage = { newest: context.table.newestHandle, failure };
  context.cache.forget(source.id);
  await context.disk?.forget(source);
  const { holder } = version;
  if (holder.lookups > 0n) context.kernel.notifier?.invalidateInode(holder.ino, 0n, 0n);
  throw failure;
}

/** Absent also where the store can not be asked: bytes that came are then as good as those of any other store. */
async function storedChecksum(context: Context, version: Version) {
  try {
    return await atAddress(context, version, undefined, async ({ key, etag }) => {
      const { checksum } = await context.store.head(key, { ifMatch: etag, checksum: true });
      return checksum;
    });
  } catch (reason) {
    context.log.debug({ reason: Failure.from(reason).message }, 'a file that was read could not be checked');
    return undefined;
  }
}
