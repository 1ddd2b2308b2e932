/** Times what runs once per request or per byte: `npm run bench:micro`. Compare only numbers of one run. */
import { Bench } from 'tinybench';
import { Readable } from 'node:stream';
import { BLOCK_BYTES, BlockCache, type BlockSource } from '../src/cache/block-cache.js';
import { createChecksum } from '../src/s3/checksums/hasher.js';
import { encodeEntry } from '../src/fuse/wire/encode-attributes.js';
import { decodeRequest } from '../src/fuse/wire/decode.js';
import { BEFORE_INIT } from '../src/fuse/wire/negotiated.js';
import { ROOT_INODE, type Entry } from '../src/fs/operations.js';
import { CONGESTION_CONTROLS, createWindow } from '../src/transfer/congestion/choose.js';

const MIB = 2 ** 20;

/** FUSE_LOOKUP of "notes.a" in the root. */
const LOOKUP = Buffer.from(
  '3000000001000000efbeadde000000000100000000000000e8030000e90300002a000000000000006e6f7465732e6100',
  'hex',
);

const ENTRY: Entry = {
  attributes: {
    ino: ROOT_INODE,
    mode: 0o40755,
    nlink: 2,
    uid: 0,
    gid: 0,
    rdev: 0,
    sizeBytes: 0n,
    blocks: 0n,
    atimeNs: 1n,
    mtimeNs: 1n,
    ctimeNs: 1n,
  },
  attributeTtlMs: 1000,
  entryTtlMs: 1000,
  generation: 0n,
};

const bytes = Buffer.alloc(MIB, 'objectfs');
const bench = new Bench({ time: 500, warmupTime: 200 });
bench.add('decode LOOKUP', () => {
  decodeRequest(LOOKUP, BEFORE_INIT);
});
bench.add('encode entry', () => {
  encodeEntry(ENTRY);
});
for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256', 'MD5'] as const) {
  bench.add(`${algorithm} of 1 MiB`, () => {
    const checksum = createChecksum(algorithm);
    checksum.update(bytes);
    checksum.digest();
  });
}
for (const name of CONGESTION_CONTROLS) addWindow(name);
await addCache();
await bench.run();
for (const row of bench.table()) {
  const { 'Task name': name, 'Latency med (ns)': median } = row ?? {};
  process.stdout.write(`${String(name).padEnd(22)} ${String(median)} ns, median\n`);
}

/** One part of a transfer without end: permit, begin, end. Every thousandth is refused. */
function addWindow(name: (typeof CONGESTION_CONTROLS)[number]): void {
  const window = createWindow(name, { partBytes: 8 * MIB, maxBytes: 64 * MIB }, 0);
  let count = 0;
  bench.add(`${name}: one part`, () => {
    const beganMs = (count += 1) * 20;
    const begin = window.begin(window.permits(beganMs), beganMs);
    const isLost = count % 1000 === 0;
    window.report(
      isLost ? { kind: 'lost', cause: 'throttled' } : { kind: 'acked', bytes: 8 * MIB },
      begin,
      beganMs + 20,
    );
  });
}

/** A read of a page that is there, among the blocks of 64 MiB; and one that pushes a block out for its own. */
async function addCache(): Promise<void> {
  const source: BlockSource = {
    id: 'object',
    sizeBytes: 1024 * MIB,
    read: (firstByte, lastByte) => Promise.resolve(Readable.from([Buffer.alloc(lastByte - firstByte + 1)])),
  };
  const full = new BlockCache({ limitBytes: 64 * MIB });
  const blocks = (64 * MIB) / BLOCK_BYTES;
  for (let block = 0; block < blocks; block += 1) await full.read(source, block * BLOCK_BYTES, BLOCK_BYTES);
  let hit = 0;
  bench.add('cache: hit of 4 KiB', async () => {
    await full.read(source, ((hit += 1) % (blocks / 2)) * BLOCK_BYTES + 4096, 4096);
  });
  const small = new BlockCache({ limitBytes: 4 * MIB });
  let miss = 0;
  bench.add('cache: miss of 4 KiB', async () => {
    await small.read(source, ((miss += 1) % 8192) * BLOCK_BYTES, 4096);
  });
}
