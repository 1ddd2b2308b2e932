import { mkdtemp, open, readdir, readlink, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { silentLog } from '../../log/log.js';
import { BlockCache, type BlockSource } from '../block-cache.js';
import { DiskTier, type DiskTierOptions } from './disk-tier.js';
import { identify, pathsOf } from './identity.js';

const BLOCK = 4096;
const KIB = 1024;
let folder: string;
let tiers: DiskTier[];

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'objectfs-disk-')), 'blocks');
  tiers = [];
});
afterEach(async () => {
  await Promise.all(tiers.map((tier) => tier.stop()));
  await rm(join(folder, '..'), { recursive: true });
});

interface Counted extends BlockSource {
  readonly bytes: Buffer;
  readonly ranges: [number, number][];
}

function sourceOf(id: string, sizeBytes: number): Counted {
  const bytes = Buffer.from(Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31 + id.length * 7) % 251));
  const ranges: [number, number][] = [];
  return {
    id,
    sizeBytes,
    bytes,
    ranges,
    read: (first, last) => {
      ranges.push([first, last]);
      return Promise.resolve(Readable.from([bytes.subarray(first, last + 1)]));
    },
  };
}

/** A process of its own, as far as the cache can tell: nothing in memory, and the folder as it is. */
async function start(options: Partial<DiskTierOptions> = {}): Promise<{ tier: DiskTier; cache: BlockCache }> {
  const base = {
    folder,
    limitBytes: 1024 * KIB,
    blockBytes: BLOCK,
    queueBytes: 1024 * KIB,
    reservedBytes: 0,
  };
  const tier = new DiskTier({ ...base, log: silentLog, ...options });
  await tier.start();
  tiers.push(tier);
  return { tier, cache: new BlockCache({ limitBytes: 16 * BLOCK, blockBytes: BLOCK, lower: tier }) };
}

async function readAll(cache: BlockCache, source: Counted): Promise<boolean> {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < source.sizeBytes; at += 8 * BLOCK) {
    pieces.push(...(await cache.read(source, at, 8 * BLOCK)));
  }
  return Buffer.concat(pieces).equals(source.bytes);
}

/** Reads everything once and ends that process. */
async function fillWith(...sources: Counted[]): Promise<void> {
  const { tier, cache } = await start();
  for (const source of sources) expect(await readAll(cache, source)).toBe(true);
  await tier.stop();
  for (const { ranges } of sources) ranges.length = 0;
}

const filesOf = (source: Counted) => pathsOf(folder, identify(source.id, source.sizeBytes, BLOCK).name);

async function flip(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await file.write(byte, 0, 1, position);
  await file.close();
}

async function openFiles(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const paths = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(folder));
}

describe('DiskTier', () => {
  test('no descriptor stays open after its end, and few before', async () => {
    const { tier, cache } = await start();
    const sources = Array.from({ length: 100 }, (_, index) => sourceOf('y'.repeat(index + 1), 3 * BLOCK));
    for (const source of sources) await readAll(cache, source);
    await tier.settled();
    const before = (await openFiles()).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThanOrEqual(130);
    await tier.stop();
    expect(await openFiles()).toEqual([]);
  });

  test('a new process reads from disk what an old one fetched, and asks the source for nothing', async () => {
    const source = sourceOf('a', 40 * BLOCK + 17);
    await fillWith(source);
    const { tier, cache } = await start();
    expect(await readAll(cache, source)).toBe(true);
    expect(source.ranges).toEqual([]);
    expect(tier.counters()).toMatchObject({ hitBlocks: 41, damagedBlocks: 0, objects: 1 });
  });

  test('the data file is the object, byte for byte', async () => {
    const source = sourceOf('a', 10 * BLOCK + 1);
    await fillWith(source);
    const file = await open(filesOf(source).data);
    expect((await file.readFile()).equals(source.bytes)).toBe(true);
    await file.close();
  });

  test('another version of the same object shares nothing', async () => {
    await fillWith(sourceOf('key "1"', 4 * BLOCK));
    const other = sourceOf('key "22"', 4 * BLOCK);
    const { cache } = await start();
    expect(await readAll(cache, other)).toBe(true);
    expect(other.ranges).toHaveLength(1);
  });

  test.each([0, BLOCK * 5 + 100, BLOCK * 9 + 16])(
    'a byte that flipped at %d is noticed, counted, and its block fetched again',
    async (position) => {
      const source = sourceOf('a', 9 * BLOCK + 17);
      await fillWith(source);
      await flip(filesOf(source).data, position);
      const { tier, cache } = await start();
      expect(await readAll(cache, source)).toBe(true);
      const first = position - (position % BLOCK);
      expect(source.ranges).toEqual([[first, Math.min(first + BLOCK, source.sizeBytes) - 1]]);
      expect(tier.counters().damagedBlocks).toBe(1);
      await tier.stop();
      source.ranges.length = 0;
      expect(await readAll((await start()).cache, source)).toBe(true);
      expect(source.ranges).toEqual([]);
    },
  );

  test('a file that was cut is noticed, and what was cut off is fetched again', async () => {
    const source = sourceOf('a', 10 * BLOCK);
    await fillWith(source);
    await truncate(filesOf(source).data, 6 * BLOCK + 5);
    const { tier, cache } = await start();
    expect(await readAll(cache, source)).toBe(true);
    expect(source.ranges).toEqual([
      [6 * BLOCK, 8 * BLOCK - 1],
      [8 * BLOCK, 10 * BLOCK - 1],
    ]);
    expect(tier.counters().damagedBlocks).toBe(4);
  });

  test('checksums that are damaged, cut, foreign or missing cost a fetch and nothing else', async () => {
    const source = sourceOf('a', 3 * BLOCK);
    const { sums } = filesOf(source);
    const damages = [
      () => flip(sums, 64), // the record of block 0
      () => flip(sums, 30), // the header
      () => truncate(sums, 70),
      () => truncate(sums, 0),
      () => writeFile(sums, Buffer.alloc(88, 'x')),
      () => rm(sums),
    ];
    await fillWith(source);
    for (const damage of damages) {
      await damage();
      const { tier, cache } = await start();
      expect(await readAll(cache, source)).toBe(true);
      expect(source.ranges).not.toEqual([]);
      await tier.stop();
      source.ranges.length = 0;
      expect(await readAll((await start()).cache, source)).toBe(true);
      expect(source.ranges).toEqual([]);
    }
  });

  test('whatever is damaged, what is read is right', async () => {
    const source = sourceOf('a', 20 * BLOCK + 9);
    const damage = fc.record({ sums: fc.boolean(), position: fc.nat(20 * BLOCK), cut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { maxLength: 6 }), async (damages) => {
        await fillWith(source);
        for (const { sums, position, cut } of damages) {
          const path = sums ? filesOf(source).sums : filesOf(source).data;
          const { size } = await stat(path);
          if (size === 0) continue;
          if (cut) await truncate(path, position % size);
          else await flip(path, position % size);
        }
        const { tier, cache } = await start();
        expect(await readAll(cache, source)).toBe(true);
        await tier.stop();
      }),
      { numRuns: 25 },
    );
  });

  test('the limit holds, and what was used last stays', async () => {
    const { tier, cache } = await start({ limitBytes: 200 * KIB });
    const sources = Array.from({ length: 10 }, (_, index) => sourceOf('x'.repeat(index + 1), 40 * KIB));
    for (const source of sources) {
      await readAll(cache, source);
      await tier.settled();
      expect(tier.counters().usedBytes).toBeLessThanOrEqual(200 * KIB);
    }
    expect(tier.counters()).toMatchObject({ objects: 4, evictedObjects: 6 });
    let onDisk = 0;
    for (const name of await readdir(folder, { recursive: true })) {
      const found = await stat(join(folder, name));
      if (found.isFile()) onDisk += found.blocks * 512;
    }
    expect(onDisk).toBeLessThanOrEqual(200 * KIB);
    const kept = await Promise.all(sources.map((source) => stat(filesOf(source).data).catch(() => 'gone')));
    expect(kept.map((one) => one !== 'gone')).toEqual(sources.map((_, index) => index >= 6));
  });

  test('a new process knows what was used last', async () => {
    const [old, young] = [sourceOf('old', 40 * KIB), sourceOf('young', 40 * KIB)];
    await fillWith(young);
    await fillWith(old);
    const used = await start();
    await used.cache.read(young, 0, 1); // now the younger one
    await used.tier.stop();
    const { tier } = await start({ limitBytes: 60 * KIB });
    await tier.settled();
    expect(await stat(filesOf(old).data).catch(() => 'gone')).toBe('gone');
    await stat(filesOf(young).data);
  });

  test('an object larger than the limit is read right and takes no more than the limit', async () => {
    const source = sourceOf('big', 600 * KIB);
    const { tier, cache } = await start({ limitBytes: 100 * KIB });
    expect(await readAll(cache, source)).toBe(true);
    await tier.settled();
    expect(tier.counters().usedBytes).toBeLessThanOrEqual(100 * KIB);
    expect(await readAll(cache, source)).toBe(true);
  });

  test('blocks that the disk does not take in time are not kept, and nobody waits for them', async () => {
    const source = sourceOf('a', 64 * BLOCK);
    const { tier } = await start({ queueBytes: 4 * BLOCK });
    for (let number = 0; number < 64; number += 1) {
      const bytes = source.bytes.subarray(number * BLOCK, (number + 1) * BLOCK);
      const pending = { lengthBytes: BLOCK, ready: Promise.resolve(bytes), done: true };
      const block = { ...pending, firstByte: number * BLOCK, fill: () => undefined, fail: () => undefined };
      tier.offer(source, block, bytes);
    }
    expect(tier.counters().skippedBlocks).toBe(60);
    await tier.settled();
    expect(tier.counters().writtenBytes).toBe(4 * BLOCK);
  });

  test('a folder that goes away under it never fails a reader', async () => {
    const source = sourceOf('a', 30 * BLOCK);
    const { tier, cache } = await start();
    await rm(folder, { recursive: true });
    await writeFile(folder, 'no folder any more');
    expect(await readAll(cache, source)).toBe(true);
    await tier.settled();
    expect(tier.counters().errors).toBeGreaterThan(0);
    expect(await readAll(cache, source)).toBe(true);
  });

  test('nothing is kept where the disk has less room than is left to others', async () => {
    const { tier, cache } = await start({ reservedBytes: Number.MAX_SAFE_INTEGER });
    expect(await readAll(cache, sourceOf('a', 30 * BLOCK))).toBe(true);
    await tier.settled();
    expect(tier.counters()).toMatchObject({ writtenBytes: 0, objects: 0 });
    expect(tier.counters().skippedBlocks).toBe(30);
  });
});
