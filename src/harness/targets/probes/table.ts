import {
  chownSync,
  closeSync,
  constants,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import type { Need } from '../../api/case.js';
import { LOCK, O_TMPFILE_BIT, RENAME, SEEK } from '../../api/constants.js';
import { codeOf } from '../../api/outcome.js';
import type { Syscalls } from '../../api/syscalls.js';

/** One call that shows whether a target has what a need stands for. */
export interface Probe {
  readonly need: Need;
  /** As its man page calls it. */
  readonly call: string;
  /** Only root may make the call on any file system. */
  readonly needsRoot?: boolean;
  /**
   * Tries it in an empty folder of its own, synchronously: a call that hangs is then the last one begun.
   *
   * @throws whatever the call throws; {@link NoEffect} where it succeeds and does nothing.
   */
  run(folder: string, sys: Syscalls): void;
}

/** A call that succeeds and does not do what it says. */
export class NoEffect extends Error {
  override readonly name = 'NoEffect';
}

const CONTENT = 'probe';
/** Ids that belong to nobody on common machines. */
const OTHER_ID = 12_345;

/** What a case may need of a target and a system call can show, see `NEEDS`. */
export const PROBES: readonly Probe[] = [
  {
    need: 'symlink',
    call: 'symlink(2)',
    run(folder) {
      symlinkSync('to/nowhere', join(folder, 'link'));
      expectThat(readlinkSync(join(folder, 'link')) === 'to/nowhere', 'readlink(2) reads something else');
    },
  },
  {
    need: 'hard-link',
    call: 'link(2)',
    run(folder) {
      const file = fileIn(folder);
      linkSync(file, join(folder, 'second'));
      const { ino, nlink } = statSync(file, { bigint: true });
      expectThat(nlink === 2n, 'the link count stays at 1');
      expectThat(statSync(join(folder, 'second'), { bigint: true }).ino === ino, 'the names are two files');
    },
  },
  {
    need: 'mknod',
    call: 'mknod(2)',
    run(folder, sys) {
      sys.mknod(join(folder, 'fifo'), 0o010644, 0);
      expectThat(lstatSync(join(folder, 'fifo')).isFIFO(), 'no FIFO was made');
    },
  },
  {
    need: 'xattr',
    call: 'setxattr(2)',
    run(folder, sys) {
      const file = fileIn(folder);
      sys.setxattr(file, 'user.objectfs', Buffer.from(CONTENT));
      const value = sys.getxattr(file, 'user.objectfs').toString();
      expectThat(value === CONTENT, 'getxattr(2) reads another value');
    },
  },
  {
    need: 'chown',
    call: 'chown(2)',
    needsRoot: true,
    run(folder) {
      const file = fileIn(folder);
      chownSync(file, OTHER_ID, OTHER_ID);
      const { uid, gid } = statSync(file);
      expectThat(uid === OTHER_ID && gid === OTHER_ID, 'the owner stays as it was');
    },
  },
  {
    need: 'rename-flags',
    call: 'renameat2(2) with RENAME_NOREPLACE',
    run(folder, sys) {
      const file = fileIn(folder);
      const other = fileIn(folder, 'other');
      sys.renameat2(file, join(folder, 'free'), RENAME.noReplace);
      expectErrno('EEXIST', () => {
        sys.renameat2(join(folder, 'free'), other, RENAME.noReplace);
      });
    },
  },
  {
    need: 'rename-exchange',
    call: 'renameat2(2) with RENAME_EXCHANGE',
    run(folder, sys) {
      const file = fileIn(folder, 'one', 'one');
      const other = fileIn(folder, 'two', 'two');
      sys.renameat2(file, other, RENAME.exchange);
      const isExchanged = readFileSync(file, 'utf8') === 'two' && readFileSync(other, 'utf8') === 'one';
      expectThat(isExchanged, 'the files were not exchanged');
    },
  },
  {
    need: 'fallocate',
    call: 'fallocate(2)',
    run(folder, sys) {
      withFile(fileIn(folder), (fd) => {
        sys.fallocate(fd, 0, 0n, 8192n);
      });
      expectThat(statSync(join(folder, 'file')).size === 8192, 'the file has not grown');
    },
  },
  {
    need: 'seek-hole',
    call: 'lseek(2) with SEEK_HOLE',
    run(folder, sys) {
      withFile(fileIn(folder), (fd) => {
        ftruncateSync(fd, 1_048_576);
        expectThat(sys.lseek(fd, 0n, SEEK.data) === 0n, 'SEEK_DATA skips data');
        // That there are no holes but the one at the end is an answer too, lseek(2).
        expectThat(sys.lseek(fd, 0n, SEEK.hole) >= BigInt(CONTENT.length), 'SEEK_HOLE says data is a hole');
      });
    },
  },
  {
    need: 'tmpfile',
    call: 'open(2) with O_TMPFILE',
    run(folder, sys) {
      const fd = Number(
        sys.call('open', folder, O_TMPFILE_BIT | constants.O_DIRECTORY | constants.O_RDWR, 0o600),
      );
      closeSync(fd);
      expectThat(readdirSync(folder).length === 0, 'the file has a name');
    },
  },
  {
    need: 'lock',
    call: 'flock(2)',
    run(folder, sys) {
      const file = fileIn(folder);
      withFile(file, (first) => {
        sys.flock(first, LOCK.exclusive);
        withFile(file, (second) => {
          expectErrno('EAGAIN', () => {
            sys.flock(second, LOCK.exclusive | LOCK.nonBlocking);
          });
        });
      });
    },
  },
  {
    need: 'mmap',
    call: 'mmap(2) with MAP_SHARED',
    run(folder, sys) {
      const file = fileIn(folder, 'file', 'x'.repeat(4096));
      withFile(file, (fd) => {
        sys.writeMapped(fd, 100, Buffer.from(CONTENT));
      });
      const read = readFileSync(file, 'utf8').slice(100, 100 + CONTENT.length);
      expectThat(read === CONTENT, 'what was written through the mapping is not in the file');
    },
  },
  {
    need: 'name-bytes',
    call: 'open(2) of a name that is no UTF-8',
    run(folder) {
      const name = Buffer.from([0x66, 0xff, 0xfe]);
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), CONTENT);
      const names = readdirSync(folder, { encoding: 'buffer' });
      expectThat(
        names.some((found) => found.equals(name)),
        'readdir(3) gives another name',
      );
    },
  },
];

function fileIn(folder: string, name = 'file', content = CONTENT): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function withFile(path: string, work: (fd: number) => void): void {
  const fd = openSync(path, 'r+');
  try {
    work(fd);
  } finally {
    closeSync(fd);
  }
}

function expectThat(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new NoEffect(otherwise);
}

function expectErrno(name: string, call: () => void): void {
  try {
    call();
  } catch (reason) {
    if (codeOf(reason) === name) return;
    throw reason;
  }
  throw new NoEffect(`it succeeds where it must fail with ${name}`);
}
