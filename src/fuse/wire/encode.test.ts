import type { Attributes, Entry, HandleId, InodeId } from '../../fs/operations.js';
import { INIT_FLAG } from '../abi/init-flags.js';
import { hex } from '../testing/hex.js';
import {
  encodeErrorReply,
  encodeInit,
  encodeOpened,
  encodeReplyHeader,
  encodeStatfs,
  encodeXattrList,
} from './encode.js';
import { encodeAttributes, encodeEntry, encodeNegativeEntry, encodeStatx } from './encode-attributes.js';
import { DirectoryPacker } from './encode-directory.js';
import { encodeInvalidateEntry, encodeInvalidateInode } from './encode-notify.js';

const attributes: Attributes = {
  ino: 0x1122334455667788n as InodeId,
  mode: 0o100644,
  nlink: 1,
  uid: 1000,
  gid: 1001,
  rdev: 0x0801,
  sizeBytes: 4097n,
  blocks: 9n,
  atimeNs: 1_000_000_001n,
  mtimeNs: -1n,
  ctimeNs: 3_000_000_000n,
};
const entry: Entry = { attributes, attributeTtlMs: 1_500, entryTtlMs: 250, generation: 5n };

const ATTR = hex(`
  8877665544332211    # ino
  0110000000000000    # size 4097
  0900000000000000    # blocks
  0100000000000000    # atime 1 s
  ffffffffffffffff    # mtime -1 s
  0300000000000000    # ctime 3 s
  01000000 ffc99a3b 00000000  # nanoseconds: 1, 999,999,999, 0
  a4810000            # mode 0100644
  01000000            # nlink
  e8030000 e9030000   # uid, gid
  01080000            # rdev
  00000200            # blksize 128 KiB
  00000000            # flags
`);

describe('replies to the kernel', () => {
  test('a header counts itself', () => {
    expect(encodeReplyHeader(7n, 5)).toEqual(hex('15000000 00000000 0700000000000000'));
  });

  test('an error is the negated number', () => {
    expect(encodeErrorReply(7n, 'ENOENT')).toEqual(hex('10000000 feffffff 0700000000000000'));
  });

  test('INIT has both halves of the flags, and background limits', () => {
    const flags = INIT_FLAG.INIT_EXT | INIT_FLAG.DIRECT_IO_ALLOW_MMAP;
    const negotiated = {
      minor: 41,
      flags,
      maxWriteBytes: 1_048_576,
      maxPages: 256,
      maxReadaheadBytes: 131_072,
      maxBackground: 64,
    };
    const expected = hex(`
      07000000 29000000   # 7.41
      00000200 00000040   # max_readahead, flags: INIT_EXT
      4000 3000 00001000  # max_background, congestion threshold, max_write 1 MiB
      01000000 0001 0000  # time granularity, max_pages, map_alignment
      10000000            # flags2: DIRECT_IO_ALLOW_MMAP
      00000000 00000000 00000000 00000000 00000000 00000000 00000000
    `);
    expect(encodeInit(negotiated)).toEqual(expected);
  });

  test('an entry has its time-outs and attributes', () => {
    const head = hex(`
      8877665544332211    # node id
      0500000000000000    # generation
      0000000000000000    # entry: 0 s
      0100000000000000    # attributes: 1 s
      80b2e60e 0065cd1d   # 250 ms, 500 ms
    `);
    expect(encodeEntry(entry)).toEqual(Buffer.concat([head, ATTR]));
  });

  test('attributes alone have their time-out in front', () => {
    const head = hex('0100000000000000 0065cd1d 00000000');
    expect(encodeAttributes(entry)).toEqual(Buffer.concat([head, ATTR]));
  });

  test('a negative entry is inode 0 with a time-out', () => {
    const body = encodeNegativeEntry(2_000);
    expect(body.readBigUInt64LE(0)).toBe(0n);
    expect(body.readBigUInt64LE(16)).toBe(2n);
  });

  test('statx says that it has a birth time only where there is one', () => {
    expect(encodeStatx(entry).readUInt32LE(32)).toBe(0x7ff);
    const body = encodeStatx({ ...entry, attributes: { ...attributes, btimeNs: 2_000_000_003n } });
    expect(body).toHaveLength(288);
    expect(body.readUInt32LE(32)).toBe(0xfff);
    expect(body.readBigInt64LE(32 + 80)).toBe(2n);
    expect(body.readUInt32LE(32 + 88)).toBe(3);
    expect([body.readUInt32LE(32 + 128), body.readUInt32LE(32 + 132)]).toEqual([8, 1]);
  });

  test('open flags follow the choice of the file system', () => {
    const opened = { handle: 9n as HandleId, directIo: true, keepCache: false };
    expect(encodeOpened(opened)).toEqual(hex('0900000000000000 41000000 00000000'));
    const kept = { ...opened, directIo: false, keepCache: true };
    expect(encodeOpened(kept)).toEqual(hex('0900000000000000 02000000 00000000'));
  });

  test('statfs counts blocks in the block size', () => {
    const body = encodeStatfs({
      blockSizeBytes: 4096,
      blocks: 3n,
      blocksFree: 2n,
      blocksAvailable: 1n,
      files: 5n,
      filesFree: 4n,
      nameMaxBytes: 255,
    });
    expect(body.subarray(0, 52)).toEqual(
      hex(`
        0300000000000000 0200000000000000 0100000000000000
        0500000000000000 0400000000000000
        00100000 ff000000 00100000
      `),
    );
  });

  test('a list of attribute names has a NUL after each', () => {
    expect(encodeXattrList(['user.a', 'b'])).toEqual(hex('"user.a" 00 "b" 00'));
    expect(encodeXattrList([])).toHaveLength(0);
  });
});

describe('directories', () => {
  const plain = { name: 'abc', ino: 7n as InodeId, type: 0o100000, nextCookie: 3n };

  test('records are padded to 8 bytes', () => {
    const packer = new DirectoryPacker(64, false);
    expect(packer.add(plain)).toBe(true);
    expect(packer.bytes()).toEqual(
      hex(`
        0700000000000000   # inode
        0300000000000000   # where to go on
        03000000 08000000  # length of the name, DT_REG
        "abc" 0000000000
      `),
    );
  });

  test('what does not fit is refused and leaves no trace', () => {
    const packer = new DirectoryPacker(159, true);
    expect(packer.add(plain, entry)).toBe(false);
    expect(packer.bytes()).toHaveLength(0);
    expect(packer.entries).toHaveLength(0);
  });

  test('with attributes, an entry that was not looked up has inode 0', () => {
    const packer = new DirectoryPacker(400, true);
    expect(packer.add({ ...plain, name: '.' })).toBe(true);
    expect(packer.add(plain, entry)).toBe(true);
    const bytes = packer.bytes();
    expect(bytes.readBigUInt64LE(0)).toBe(0n);
    expect(bytes.readBigUInt64LE(160)).toBe(attributes.ino);
    expect(packer.entries).toEqual([entry]);
  });
});

describe('notifications', () => {
  test('an inode is dropped from an offset on', () => {
    expect(encodeInvalidateInode(7n as InodeId, -1n, 0n)).toEqual(
      hex(`
        28000000 02000000 0000000000000000   # len, INVAL_INODE, no request
        0700000000000000 ffffffffffffffff 0000000000000000
      `),
    );
  });

  test('a name is dropped with its NUL', () => {
    expect(encodeInvalidateEntry(7n as InodeId, 'abc')).toEqual(
      hex(`
        24000000 03000000 0000000000000000   # len, INVAL_ENTRY, no request
        0700000000000000 03000000 00000000
        "abc" 00
      `),
    );
  });
});
