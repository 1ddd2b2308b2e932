import { BLOCK_BYTES, type BlockSource } from '../../cache/block-cache.js';
import { sumOfBlock } from '../../cache/block-sum.js';
import { Failure } from '../../errors/failure.js';
import type { ByteRange } from '../../s3/store.js';
import type { Context } from '../context.js';
import { addressOf, atAddress, type Address, type Damage, type Version } from './version.js';
import { badChecksum, readWhole, WHOLE_OBJECT_BYTES, type OnHead } from './whole-read.js';
import { WholeSum } from './whole-sum.js';

/**
 * Reads a version through the block cache. Where all bytes come with one request they are checked before any goes on, else
 * when the last that was missing has come.
 *
 * @param onHead - Called with what each reply says of the object.
 */
export function sourceOf(context: Context, version: Version, onHead?: OnHead): BlockSource {
  version.id ??= `${context.store.bucket}/${addressOf(context, version).key} ${version.etag}`;
  const { id, sizeBytes } = version;
  const read: BlockSource['read'] = async (firstByte, lastByte, signal) =>
    await atAddress(context, version, signal, (address) =>
      readRange(context, { sizeBytes, address, onHead }, { firstByte, lastByte }, signal),
    );
  if (!context.readChecks.large || sizeBytes <= WHOLE_OBJECT_BYTES) return { id, sizeBytes, read };
  return {
    id,
    sizeBytes,
    read,
    check: (firstByte, bytes) => sumUp(context, version, firstByte, bytes),
  };
}

interface Wanted {
  readonly sizeBytes: number;
  readonly address: Address;
  readonly onHead: OnHead | undefined;
}

async function readRange(
  context: Context,
  { sizeBytes, address, onHead }: Wanted,
  range: ByteRange,
  signal: AbortSignal,
): ReturnType<BlockSource['read']> {
  const isWhole = range.firstByte === 0 && range.lastByte === sizeBytes - 1;
  if (isWhole && context.readChecks.small && sizeBytes <= WHOLE_OBJECT_BYTES) {
    return await readWhole(context, address, sizeBytes, signal, onHead);
  }
  const { key, etag } = address;
  const options = { range, ifMatch: etag, pieceBytes: BLOCK_BYTES, signal };
  const { head, body } = await context.store.get(key, options);
  onHead?.(head);
  return body;
}

/** Adds a block to the sum of its object; the block that makes it complete waits for what the store says of the whole. */
function sumUp(
  context: Context,
  version: Version,
  firstByte: number,
  bytes: Uint8Array,
): Promise<void> | undefined {
  const sum = (version.sum ??= new WholeSum(version.sizeBytes));
  sum.add({ firstByte, sizeBytes: bytes.length, crc: sumOfBlock(bytes) });
  if (!sum.isComplete) return undefined;
  const found = sum.crc32();
  // Who reads all of it again has it checked again.
  sum.clear();
  return compareWhole(context, version, found);
}

/**
 * What was read of a damaged object is forgotten in every cache; who has it open can not read on, so that nobody comes
 * to the end of it without knowing.
 *
 * @throws Failure `bad-checksum`.
 */
async function compareWhole(context: Context, version: Version, found: string): Promise<void> {
  const checksum = await storedChecksum(context, version);
  if (checksum?.algorithm !== 'CRC32' || checksum.type !== 'FULL_OBJECT' || checksum.value === found) return;
  const failure = badChecksum(addressOf(context, version).key, checksum, found);
  context.log.error({ reason: failure.message }, 'a file was read wrong, and is forgotten in all caches');
  const damage: Damage = { failure, forgotten: forgetDamaged(context, version), newest: undefined };
  version.damage = damage;
  await damage.forgotten;
  damage.newest = context.table.newestHandle;
  throw failure;
}

/** Never fails. */
async function forgetDamaged(context: Context, version: Version): Promise<void> {
  const source = sourceOf(context, version);
  context.cache.forget(source.id);
  await context.disk?.forget(source);
  // Meanwhile read-ahead may have taken blocks from the disk.
  context.cache.forget(source.id);
  const { holder } = version;
  // The next open drops what pages the kernel has then, should it come before the kernel has heard of this.
  holder.foreignVersion += 1;
  if (holder.lookups > 0n) context.kernel.notifier?.invalidateInode(holder.ino, 0n, 0n);
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
