import {
  closeSync,
  constants,
  fchmodSync,
  chmodSync,
  fstatSync,
  fsyncSync,
  fdatasyncSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from 'node:fs';
import { join } from 'node:path';
import { linuxSyscalls } from '../../../src/harness/api/syscalls-linux.js';
import { codeOf, type Step } from '../../../src/harness/api/index.js';
import { written } from '../model/content.js';
import type { Reply, Status, Value } from '../model/replies.js';

/** Makes the system calls of a program in this process, below one directory. */
export class Machine {
  readonly #root: string;
  readonly #fds = new Map<number, number>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Never throws: a failed call is a reply. */
  run(step: Step): Reply {
    try {
      return { value: this.#run(step) };
    } catch (reason) {
      const errno = codeOf(reason);
      if (errno === undefined) throw reason;
      return { errno, message: String(reason) };
    }
  }

  /** Closes all; after a crash of the target that fails, which is of no interest. */
  closeAll(): Reply {
    let failed: Reply = { value: undefined };
    for (const slot of [...this.#fds.keys()]) {
      const reply = this.run({ op: 'close', slot });
      if ('errno' in reply) failed = reply;
    }
    return failed;
  }

  #run(step: Step): Value {
    switch (step.op) {
      case 'open':
        this.#fds.set(step.slot, openSync(this.#path(step.path), step.flags, step.mode));
        return undefined;
      case 'close': {
        const fd = this.#fd(step.slot);
        this.#fds.delete(step.slot);
        closeSync(fd);
        return undefined;
      }
      case 'dup':
        this.#fds.set(step.to, linuxSyscalls().dup(this.#fd(step.slot)));
        return undefined;
      case 'read':
        return readUpTo(this.#fd(step.slot), step.length, step.at ?? null);
      case 'write':
        return writeSync(
          this.#fd(step.slot),
          written(step.from, step.length),
          0,
          step.length,
          step.at ?? null,
        );
      case 'seek':
        return Number(linuxSyscalls().lseek(this.#fd(step.slot), BigInt(step.at), step.whence));
      case 'copy':
        return linuxSyscalls().copyFileRange(
          this.#fd(step.slot),
          BigInt(step.at),
          this.#fd(step.to),
          BigInt(step.toAt),
          step.length,
        );
      case 'map':
        linuxSyscalls().writeMapped(this.#fd(step.slot), step.at, written(step.from, step.length));
        return undefined;
      default:
        return 'slot' in step ? this.#change(step, this.#fd(step.slot)) : this.#byPath(step);
    }
  }

  #change(step: Extract<Step, { slot: number }>, fd: number): Value {
    switch (step.op) {
      case 'ftruncate':
        ftruncateSync(fd, step.size);
        return undefined;
      case 'fallocate':
        linuxSyscalls().fallocate(fd, step.mode, BigInt(step.at), BigInt(step.length));
        return undefined;
      case 'fsync':
        if (step.dataOnly) fdatasyncSync(fd);
        else fsyncSync(fd);
        return undefined;
      case 'fstat':
        return statusFrom(fstatSync(fd, { bigint: true }));
      case 'fchmod':
        fchmodSync(fd, step.mode);
        return undefined;
      case 'futimes': {
        const seconds = Number(step.mtimeNs) / 1e9;
        futimesSync(fd, seconds, seconds);
        return undefined;
      }
      default:
        throw new Error(`${step.op} is no call on a descriptor`);
    }
  }

  #byPath(step: Exclude<Step, { slot: number }>): Value {
    if (step.op === 'remount' || step.op === 'kill') throw new Error('the runner does that');
    const path = this.#path(step.path);
    switch (step.op) {
      case 'stat':
        return statusFrom(lstatSync(path, { bigint: true }));
      case 'check':
        return readWhole(path);
      case 'readdir':
        return readdirSync(path).toSorted();
      case 'readlink':
        return readlinkSync(path);
      case 'getxattr':
        return linuxSyscalls().getxattr(path, step.name);
      case 'listxattr':
        return linuxSyscalls()
          .listxattr(path)
          .filter((name) => name.startsWith('user.'))
          .toSorted();
      default:
        this.#changeByPath(step, path);
        return undefined;
    }
  }

  #changeByPath(step: Exclude<Step, { slot: number }>, path: string): void {
    switch (step.op) {
      case 'truncate':
        truncateSync(path, step.size);
        return;
      case 'chmod':
        chmodSync(path, step.mode);
        return;
      case 'utimes': {
        const time = { ns: BigInt(step.mtimeNs) };
        linuxSyscalls().utimensat(path, time, time);
        return;
      }
      case 'mkdir':
        mkdirSync(path, step.mode);
        return;
      case 'rmdir':
        rmdirSync(path);
        return;
      case 'unlink':
        unlinkSync(path);
        return;
      case 'link':
        linkSync(path, this.#path(step.to));
        return;
      case 'symlink':
        symlinkSync(step.target, path);
        return;
      case 'rename':
        if (step.flags === 0) renameSync(path, this.#path(step.to));
        else linuxSyscalls().renameat2(path, this.#path(step.to), step.flags);
        return;
      case 'setxattr':
        linuxSyscalls().setxattr(path, step.name, written(step.from, step.length), step.flags);
        return;
      case 'removexattr':
        linuxSyscalls().removexattr(path, step.name);
        return;
      default:
        throw new Error(`${step.op} is no call by path`);
    }
  }

  #path(path: string): string {
    return join(this.#root, path);
  }

  #fd(slot: number): number {
    const fd = this.#fds.get(slot);
    if (fd === undefined) throw new Error(`The slot ${slot} is empty`);
    return fd;
  }
}

/** As read(2) does at most; what a regular file has must come. */
function readUpTo(fd: number, length: number, at: number | null): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
}

/** Until the end that read(2) tells: neither the size of stat(2) nor a guess. */
function readWhole(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = readUpTo(fd, 1024 * 1024, null);
      if (piece.length === 0) return Buffer.concat(pieces);
      pieces.push(piece);
    }
  } finally {
    closeSync(fd);
  }
}

function statusFrom(status: BigIntStats): Status {
  const isOther = !status.isDirectory() && !status.isSymbolicLink() && !status.isFile();
  const type = status.isDirectory() ? 'directory' : status.isSymbolicLink() ? 'symlink' : 'file';
  return {
    type: isOther ? 'other' : type,
    mode: Number(status.mode & 0o7777n),
    size: Number(status.size),
    nlink: Number(status.nlink),
    mtimeNs: String(status.mtimeNs),
    ino: String(status.ino),
  };
}
