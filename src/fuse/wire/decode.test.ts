import fc from 'fast-check';
import { INIT_FLAG } from '../abi/init-flags.js';
import { OPCODE } from '../abi/opcodes.js';
import { hex, requestBytes } from '../testing/hex.js';
import { decodeRequest } from './decode.js';
import { BEFORE_INIT, type Negotiated } from './negotiated.js';
import type { Operation } from './operation.js';

const EXTENDED: Negotiated = { ...BEFORE_INIT, minor: 41, flags: INIT_FLAG.SETXATTR_EXT };

const LOOKUP = hex(`
  30000000 01000000   # len 48, opcode LOOKUP
  efbeadde 00000000   # unique
  01000000 00000000   # parent inode: root
  e8030000 e9030000   # uid, gid
  2a000000 0000 0000  # pid, extension length, padding
  "notes.a" 00        # name
`);

const INIT_SHORT = hex(`
  07000000 1f000000   # 7.31
  00000200 fbffff03   # max_readahead 128 KiB, flags
`);

const INIT_EXTENDED = hex(`
  07000000 2d000000   # 7.45
  00000200 fbfff073   # max_readahead, flags with INIT_EXT
  ff070000            # flags2
  00000000 00000000 00000000 00000000 00000000 00000000 # unused[11]
  00000000 00000000 00000000 00000000 00000000
`);

const SETATTR = hex(`
  f1000000 00000000   # valid: MODE ATIME MTIME FH ATIME_NOW; padding
  0700000000000000    # fh
  0010000000000000    # size, not valid
  0000000000000000    # lock owner
  0100000000000000    # atime, but now
  ffffffffffffffff    # mtime: one second before the epoch
  0300000000000000    # ctime, not valid
  01000000 00ca9a3a   # atimensec; mtimensec 983222784
  03000000            # ctimensec
  a4810000 00000000   # mode 0100644, unused
  e8030000 e9030000   # uid, gid, not valid
  00000000
`);

const WRITE = hex(`
  0500000000000000    # fh
  00100000 00000000   # offset 4096
  05000000 04000000   # size, flags: KILL_SUIDGID
  0000000000000000    # lock owner
  01800000 00000000   # open flags, padding
  "hello"
`);

const COPY_FILE_RANGE = hex(`
  0500000000000000    # fh_in
  0010000000000000    # off_in 4096
  0900000000000000    # nodeid_out
  0600000000000000    # fh_out
  0020000000000000    # off_out 8192
  0000004000000000    # len 1 GiB
  0000000000000000    # flags
`);

const RENAME2 = hex(`
  0900000000000000    # new parent
  01000000 00000000   # RENAME_NOREPLACE, padding
  "old" 00 "new" 00
`);

const SETXATTR = hex(`
  03000000 01000000   # size of the value, XATTR_CREATE
  "user.a" 00 "abc"
`);

const SETXATTR_EXTENDED = hex(`
  03000000 01000000   # size of the value, XATTR_CREATE
  00000000 00000000   # setxattr_flags, padding
  "user.a" 00 "abc"
`);

const BATCH_FORGET = hex(`
  02000000 00000000
  1100000000000000 0300000000000000   # inode 17, 3 times
  1200000000000000 0100000000000000   # inode 18, once
`);

function operationOf(opcode: number, body: Buffer, negotiated = BEFORE_INIT): Operation {
  const decoded = decodeRequest(requestBytes(opcode, 2n, 1n, body), negotiated);
  if (decoded.kind !== 'request') throw new Error(`Not a request but ${decoded.kind}`);
  return decoded.operation;
}

describe('requests of the kernel', () => {
  test('LOOKUP has header and name', () => {
    expect(decodeRequest(LOOKUP, BEFORE_INIT)).toEqual({
      kind: 'request',
      header: { opcode: 1, unique: 0xdeadbeefn, nodeId: 1n, uid: 1000, gid: 1001, pid: 42 },
      operation: { op: 'lookup', name: 'notes.a' },
    });
  });

  test('a name that is no UTF-8 keeps its bytes', () => {
    expect(operationOf(OPCODE.LOOKUP, hex('61ff62 00'))).toEqual({ op: 'lookup', name: 'a\udcffb' });
  });

  test('INIT of an old kernel has 32 flags', () => {
    const expected = { op: 'init', major: 7, minor: 31, maxReadaheadBytes: 131_072, flags: 0x3fffffbn };
    expect(operationOf(OPCODE.INIT, INIT_SHORT)).toEqual(expected);
  });

  test('INIT of a new kernel has 64 flags', () => {
    expect(operationOf(OPCODE.INIT, INIT_EXTENDED)).toMatchObject({ minor: 45, flags: 0x7ff_73f0fffbn });
  });

  test('flags2 without INIT_EXT do not count', () => {
    const body = Buffer.from(INIT_EXTENDED);
    body.writeUInt32LE(0x03fffffb, 12);
    expect(operationOf(OPCODE.INIT, body)).toMatchObject({ flags: 0x3fffffbn });
  });

  test('SETATTR takes valid fields only, with times before the epoch and UTIME_NOW', () => {
    expect(operationOf(OPCODE.SETATTR, SETATTR)).toEqual({
      op: 'setattr',
      change: { mode: 0o100644, atimeNs: 'now', mtimeNs: -1_000_000_000n + 983_222_784n, handle: 7n },
    });
  });

  test.each([
    [OPCODE.COPY_FILE_RANGE, false],
    [OPCODE.COPY_FILE_RANGE_64, true],
  ])('COPY_FILE_RANGE names both ends (opcode %i)', (opcode, wide) => {
    const decoded = decodeRequest(requestBytes(opcode, 2n, 8n, COPY_FILE_RANGE), EXTENDED);
    expect(decoded).toMatchObject({
      kind: 'request',
      header: { nodeId: 8n },
      operation: {
        op: 'copyFileRange',
        handle: 5n,
        offset: 4096n,
        to: { ino: 9n, handle: 6n, offset: 8192n },
        lengthBytes: 2n ** 30n,
        wide,
      },
    });
  });

  test('WRITE hands out a view on the request and not a copy', () => {
    const bytes = requestBytes(OPCODE.WRITE, 2n, 9n, WRITE);
    const decoded = decodeRequest(bytes, BEFORE_INIT);
    if (decoded.kind !== 'request' || decoded.operation.op !== 'write') throw new Error('Not a write');
    expect(decoded.operation).toMatchObject({
      handle: 5n,
      offset: 4096n,
      killPrivileges: true,
      isWriteBack: false,
    });
    expect(Buffer.from(decoded.operation.data).toString()).toBe('hello');
    bytes.write('J', bytes.length - 5);
    expect(Buffer.from(decoded.operation.data).toString()).toBe('Jello');
  });

  test('WRITE says whether it brings pages of a mapping', () => {
    const pages = Buffer.from(WRITE);
    pages.writeUInt32LE(1, 20); // FUSE_WRITE_CACHE
    expect(operationOf(OPCODE.WRITE, pages)).toMatchObject({ killPrivileges: false, isWriteBack: true });
  });

  test('RENAME2 has flags and RENAME has none', () => {
    const expected = { op: 'rename', name: 'old', newParent: 9n, newName: 'new' };
    expect(operationOf(OPCODE.RENAME2, RENAME2)).toEqual({ ...expected, flags: 1 });
    const short = Buffer.concat([RENAME2.subarray(0, 8), RENAME2.subarray(16)]);
    expect(operationOf(OPCODE.RENAME, short)).toEqual({ ...expected, flags: 0 });
  });

  test.each([
    ['short', SETXATTR, BEFORE_INIT],
    ['extended', SETXATTR_EXTENDED, EXTENDED],
  ])('SETXATTR in its %s layout', (_name, body, negotiated) => {
    const operation = operationOf(OPCODE.SETXATTR, body, negotiated);
    expect(operation).toMatchObject({ op: 'setxattr', name: 'user.a', flags: 1 });
    expect(operation.op === 'setxattr' && Buffer.from(operation.value).toString()).toBe('abc');
  });

  test('SETXATTR in the layout that was not negotiated is malformed', () => {
    const bytes = requestBytes(OPCODE.SETXATTR, 2n, 1n, SETXATTR_EXTENDED);
    expect(decodeRequest(bytes, BEFORE_INIT).kind).toBe('malformed');
  });

  test('BATCH_FORGET lists inodes and counts', () => {
    expect(operationOf(OPCODE.BATCH_FORGET, BATCH_FORGET)).toEqual({
      op: 'forget',
      forgotten: [
        { nodeId: 17n, count: 3n },
        { nodeId: 18n, count: 1n },
      ],
    });
  });

  test('extensions after the body are not part of it', () => {
    const body = Buffer.concat([hex('"a" 00 00000000 000000'), Buffer.alloc(8, 0xee)]);
    const bytes = requestBytes(OPCODE.LOOKUP, 2n, 1n, body);
    bytes.writeUInt16LE(1, 36);
    const decoded = decodeRequest(bytes, BEFORE_INIT);
    expect(decoded).toMatchObject({ kind: 'request', operation: { name: 'a' } });
  });
});

describe('what no kernel should send', () => {
  test('an opcode that is not served is unknown, with its header', () => {
    const decoded = decodeRequest(requestBytes(OPCODE.IOCTL, 8n, 1n, Buffer.alloc(16)), BEFORE_INIT);
    expect(decoded).toMatchObject({ kind: 'unknown', header: { unique: 8n } });
  });

  test('fewer bytes than a header are garbage', () => {
    expect(decodeRequest(LOOKUP.subarray(0, 39), BEFORE_INIT).kind).toBe('garbage');
  });

  test.each([
    ['a name without its end', OPCODE.LOOKUP, hex('"abc"')],
    ['an empty name', OPCODE.MKDIR, hex('ed010000 00000000 00')],
    ['a rename without its second name', OPCODE.RENAME2, RENAME2.subarray(0, 20)],
    ['a payload that is too short', OPCODE.WRITE, WRITE.subarray(0, 44)],
    ['a value that is too short', OPCODE.SETXATTR, SETXATTR.subarray(0, 17)],
    ['a list that is too short', OPCODE.BATCH_FORGET, BATCH_FORGET.subarray(0, 39)],
    ['an INIT that is too short', OPCODE.INIT, INIT_SHORT.subarray(0, 12)],
    ['attributes that are too short', OPCODE.SETATTR, SETATTR.subarray(0, 80)],
  ])('%s is malformed', (_name, opcode, body) => {
    expect(decodeRequest(requestBytes(opcode, 2n, 1n, body), BEFORE_INIT).kind).toBe('malformed');
  });

  test('a length that is not the count of bytes is malformed', () => {
    const bytes = Buffer.from(LOOKUP);
    bytes.writeUInt32LE(64, 0);
    expect(decodeRequest(bytes, BEFORE_INIT).kind).toBe('malformed');
  });

  test('no bytes whatever make the decoder throw', () => {
    const opcodes = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(opcodes, fc.uint8Array({ maxLength: 160 }), fc.boolean(), (opcode, body, extended) => {
        const decoded = decodeRequest(requestBytes(opcode, 2n, 1n, body), extended ? EXTENDED : BEFORE_INIT);
        expect(['request', 'unknown', 'malformed']).toContain(decoded.kind);
      }),
      { numRuns: 2_000 },
    );
  });
});
