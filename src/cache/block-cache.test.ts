import { Readable } from 'node:stream';
import fc from 'fast-check';
import { Failure } from '../errors/failure.js';
import { BlockCache, type BlockSource } from './block-cache.js';

interface Counted extends BlockSource {
  readonly ranges: [number, number][];
}

function source(id: string, bytes: Uint8Array, chunkBytes = 7): Counted {
  const ranges: [number, number][] = [];
  return {
    id,
    sizeBytes: bytes.length,
    ranges,
    read: (firstByte, lastByte) => {
      ranges.push([firstByte, lastByte]);
      const part = bytes.subarray(firstByte, lastByte + 1);
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < part.length; at += chunkBytes) chunks.push(part.subarray(at, at + chunkBytes));
      return Promise.resolve(Readable.from(chunks));
    },
  };
}

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => (i * 31) % 251);

describe('BlockCache', () => {
  test('any range reads as the bytes themselves, whatever the order', async () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 1100 }), fc.integer({ min: 0, max: 400 }));
    await fc.assert(
      fc.asyncProperty(fc.array(range, { maxLength: 20 }), async (ranges) => {
        const cache = new BlockCache({ limitBytes: 256, blockBytes: 64 });
        const from = source('a', BYTES);
        const read = async ([offset, length]: [number, number]): Promise<void> => {
          const got = Buffer.concat(await cache.read(from, offset, length));
          expect(got.equals(Buffer.from(BYTES.subarray(offset, offset + length)))).toBe(true);
        };
        await Promise.all(ranges.slice(0, 5).map(read));
        for (const one of ranges.slice(5)) await read(one);
      }),
    );
  });

  test('missing neighbours come in one request, and what is there is not asked for again', async () => {
    const cache = new BlockCache({ limitBytes: 4096, blockBytes: 64, maxSpanBytes: 1024 });
    const from = source('a', BYTES);
    await cache.read(from, 64, 64);
    await cache.read(from, 0, 320);
    await cache.read(from, 10, 300);
    expect(from.ranges).toEqual([
      [64, 127],
      [0, 63],
      [128, 319],
    ]);
  });

  test('a block that was read into memory of its own is kept there, and bytes beside others are copied', async () => {
    const blockBytes = 2 * Buffer.poolSize;
    const bytes = Buffer.from(Array.from({ length: 3 * blockBytes }, (_none, at) => at % 251));
    const own = Buffer.allocUnsafeSlow(blockBytes);
    bytes.copy(own, 0, blockBytes, 2 * blockBytes);
    const chunks = [
      bytes.subarray(0, blockBytes),
      own.subarray(0, 100),
      own.subarray(100),
      bytes.subarray(2 * blockBytes),
    ];
    const from = { ...source('a', bytes), read: () => Promise.resolve(Readable.from(chunks)) };
    const cache = new BlockCache({ limitBytes: 16 * blockBytes, blockBytes });
    const pieces = await cache.read(from, 0, bytes.length);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(pieces.map(({ buffer }) => [buffer === own.buffer, buffer.byteLength])).toEqual([
      [false, blockBytes],
      [true, blockBytes],
      [false, blockBytes],
    ]);
  });

  test('readers of one block at one time share one request', async () => {
    const cache = new BlockCache({ limitBytes: 4096, blockBytes: 64 });
    const from = source('a', BYTES);
    await Promise.all([cache.read(from, 0, 10), cache.read(from, 5, 10), cache.read(from, 60, 4)]);
    expect(from.ranges).toEqual([[0, 63]]);
  });

  test('what is held stays within the limit', async () => {
    const cache = new BlockCache({ limitBytes: 256, blockBytes: 64 });
    const from = source('a', BYTES);
    for (let at = 0; at < 1000; at += 50) await cache.read(from, at, 50);
    expect(cache.heldBytes).toBeLessThanOrEqual(256);
  });

  test('a short body fails the read, is not kept, and the next read asks again', async () => {
    const cache = new BlockCache({ limitBytes: 4096, blockBytes: 64 });
    let cut = true;
    const good = source('a', BYTES);
    const from: BlockSource = {
      ...good,
      read: async (first, last, signal) => good.read(first, cut ? last - 10 : last, signal),
    };
    await expect(cache.read(from, 0, 64)).rejects.toMatchObject({ kind: 'short-body' });
    expect(cache.heldBytes).toBe(0);
    cut = false;
    await expect(cache.read(from, 0, 64)).resolves.toHaveLength(1);
  });

  test('a body that breaks off once is asked for again from where it broke', async () => {
    const cache = new BlockCache({ limitBytes: 4096, blockBytes: 64 });
    const good = source('a', BYTES);
    let cut = true;
    const from: BlockSource = {
      ...good,
      read: async (first, last, signal) => {
        const body = await good.read(first, cut ? last - 10 : last, signal);
        cut = false;
        return body;
      },
    };
    const got = Buffer.concat(await cache.read(from, 0, 192));
    expect(got.equals(Buffer.from(BYTES.subarray(0, 192)))).toBe(true);
    expect(good.ranges).toEqual([
      [0, 181],
      [128, 191],
    ]);
  });

  test('cancelling a source fails what is on its way', async () => {
    const cache = new BlockCache({ limitBytes: 4096, blockBytes: 64 });
    const from: BlockSource = {
      id: 'a',
      sizeBytes: 64,
      read: (_first, _last, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Failure('cancelled', 'stopped'));
          });
        }),
    };
    const reading = cache.read(from, 0, 64);
    cache.cancel('a');
    await expect(reading).rejects.toMatchObject({ kind: 'cancelled' });
    expect(cache.heldBytes).toBe(0);
  });
});
