/** Times what runs once per request or per byte: `npm run bench:micro`. Compare only numbers of one run. */
import { Bench } from 'tinybench';
import { createChecksum } from '../src/s3/checksums/hasher.js';
import { encodeEntry } from '../src/fuse/wire/encode-attributes.js';
import { decodeRequest } from '../src/fuse/wire/decode.js';
import { BEFORE_INIT } from '../src/fuse/wire/negotiated.js';
import { ROOT_INODE, type Entry } from '../src/fs/operations.js';

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
await bench.run();
for (const row of bench.table()) {
  const { 'Task name': name, 'Latency med (ns)': median } = row ?? {};
  process.stdout.write(`${String(name).padEnd(22)} ${String(median)} ns, median\n`);
}
