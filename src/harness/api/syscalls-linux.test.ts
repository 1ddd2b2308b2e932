import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FALLOCATE, LOCK, RENAME, SEEK, XATTR } from './constants.js';
import { linuxSyscalls } from './syscalls-linux.js';

describe('System calls by koffi', () => {
  const sys = linuxSyscalls();
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'objectfs-sys-'));
    file = join(folder, 'file');
    writeFileSync(file, 'content');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('a failed call throws an error shaped like those of node:fs', () => {
    expect(thrownBy(() => sys.getxattr(join(folder, 'none'), 'user.a'))).toMatchObject({
      code: 'ENOENT',
      errno: -2,
      syscall: 'getxattr',
      path: join(folder, 'none'),
    });
    expect(thrownBy(() => sys.lseek(999, 0n, SEEK.set))).toMatchObject({ code: 'EBADF', errno: -9 });
  });

  test('utimensat sets times before 1970 and after 2038 to the nanosecond, and knows now and omit', () => {
    sys.utimensat(file, { ns: -1n }, { ns: 4_102_444_800_123_456_789n });
    const first = statSync(file, { bigint: true });
    expect(first.atimeNs).toBe(-1n);
    expect(first.mtimeNs).toBe(4_102_444_800_123_456_789n);
    sys.utimensat(file, 'now', 'omit');
    const second = statSync(file, { bigint: true });
    expect(second.atimeNs).toBeGreaterThan(1_700_000_000_000_000_000n);
    expect(second.mtimeNs).toBe(first.mtimeNs);
  });

  test('extended attributes are set, listed, read with a given room, and removed', () => {
    sys.setxattr(file, 'user.colour', Buffer.from('green'), XATTR.create);
    expect(sys.listxattr(file)).toContain('user.colour');
    expect(sys.getxattr(file, 'user.colour').toString()).toBe('green');
    expect(thrownBy(() => sys.getxattr(file, 'user.colour', 2))).toMatchObject({ code: 'ERANGE' });
    expect(
      thrownBy(() => {
        sys.setxattr(file, 'user.colour', Buffer.alloc(0), XATTR.create);
      }),
    ).toMatchObject({ code: 'EEXIST' });
    sys.removexattr(file, 'user.colour');
    expect(thrownBy(() => sys.getxattr(file, 'user.colour'))).toMatchObject({ code: 'ENODATA' });
  });

  test('mknod makes a fifo and renameat2 does not replace', () => {
    const fifo = join(folder, 'fifo');
    sys.mknod(fifo, 0o010644, 0);
    expect(statSync(fifo).isFIFO()).toBe(true);
    expect(
      thrownBy(() => {
        sys.renameat2(fifo, file, RENAME.noReplace);
      }),
    ).toMatchObject({ code: 'EEXIST' });
  });

  test('a call by its name takes paths, numbers and bytes, and answers or throws', () => {
    const at = Number(sys.call('open', folder, 0, 0));
    const fd = Number(sys.call('openat', at, 'file', 2, 0));
    const [one, two] = [Buffer.alloc(3), Buffer.alloc(10)];
    expect(sys.call('readv', fd, sys.vector([one, two]), 2)).toBe(7n);
    expect(`${one.toString()}|${two.toString('utf8', 0, 4)}`).toBe('con|tent');
    expect(thrownBy(() => sys.call('mkdirat', at, 'file', 0o755))).toMatchObject({ code: 'EEXIST' });
    for (const each of [fd, at]) sys.call('close', each);
    expect(thrownBy(() => sys.call('close', fd))).toMatchObject({ code: 'EBADF' });
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('another user makes calls without capabilities, and root is back afterwards', () => {
    chmodSync(folder, 0o700);
    const user = { uid: 12_345, gid: 23_456 };
    expect(thrownBy(() => sys.as(user, () => statSync(file)))).toMatchObject({ code: 'EACCES' });
    chmodSync(folder, 0o777);
    sys.as(user, () => {
      writeFileSync(join(folder, 'theirs'), '');
    });
    expect(statSync(join(folder, 'theirs'))).toMatchObject(user);
    chmodSync(folder, 0o700);
    writeFileSync(join(folder, 'ours'), '');
    expect(statSync(join(folder, 'ours'))).toMatchObject({ uid: 0, gid: 0 });
  });

  test('descriptor calls work at offsets beyond 4 GiB', () => {
    const fd = openSync(file, 'r+');
    try {
      expect(sys.lseek(fd, 8_589_934_592n, SEEK.set)).toBe(8_589_934_592n);
      sys.fallocate(fd, FALLOCATE.keepSize, 0n, 4096n);
      expect(statSync(file).size).toBe(7);
      sys.flock(fd, LOCK.exclusive | LOCK.nonBlocking);
      closeSync(sys.dup(fd));
    } finally {
      closeSync(fd);
    }
  });
});

/** Not toThrow: an error made outside Jest's sandbox is none of its Error class. */
function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (reason) {
    return reason;
  }
  return undefined;
}
