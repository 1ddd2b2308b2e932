import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Failure, usageError } from '../errors/failure.js';
import { addressOf, fcntl, IOVEC_BYTES, lastErrno, recvmsg, socketpair, writeVector } from '../libc/libc.js';
import { fusermountOptions, type KernelMountOptions } from './mount-options.js';

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000;
const MSG_DONTWAIT_CMSG_CLOEXEC = 0x40 | 0x40000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const F_SETFL = 4;
const O_RDWR_NONBLOCK = 2 | 0o4000;

/** The set-user-id helper of libfuse 3; `fusermount` is its predecessor with the same interface. */
export const FUSERMOUNT = 'fusermount3';

/**
 * Mounts by the set-user-id program fusermount3, which passes the descriptor back over a socket.
 *
 * @returns The `/dev/fuse` descriptor of the new mount, non-blocking and closed on exec.
 * @throws Failure `usage` where fusermount3 is missing or refuses; its own words are in the message.
 */
export async function mountAsUser(options: KernelMountOptions): Promise<number> {
  const [ours, theirs] = makeSocketPair();
  try {
    await runFusermount(options, theirs);
    return receiveDescriptor(ours);
  } finally {
    closeSync(ours);
    closeSync(theirs);
  }
}

function makeSocketPair(): readonly [number, number] {
  const descriptors = Buffer.alloc(8);
  if (socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, descriptors) !== 0) {
    throw new Failure('internal', `socketpair(2) failed with error number ${lastErrno()}`);
  }
  return [descriptors.readInt32LE(0), descriptors.readInt32LE(4)];
}

async function runFusermount(options: KernelMountOptions, socket: number): Promise<void> {
  const child = spawn(FUSERMOUNT, ['-o', fusermountOptions(options), '--', options.mountPoint], {
    // Descriptor 3 of the child is its end of the socket.
    stdio: ['ignore', 'ignore', 'pipe', socket],
    env: { ...process.env, _FUSE_COMMFD: '3', LC_ALL: 'C' },
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const stderr = child.stderr;
  const [said, code] = await Promise.all([stderr === null ? '' : text(stderr), exit]).catch(
    (reason: unknown) => {
      throw fusermountMissing(reason);
    },
  );
  if (code !== 0) throw refusal(said.trim(), options);
}

function fusermountMissing(cause: unknown): Failure {
  return new Failure('usage', `Can not run ${FUSERMOUNT}, which mounting as an ordinary user needs`, {
    remedy: 'Install it (apt-get install fuse3), or mount as root',
    cause,
  });
}

function refusal(said: string, options: KernelMountOptions): Failure {
  const line = said.split('\n')[0] ?? '';
  return usageError(`${FUSERMOUNT} refused: ${line}`, remedyFor(line, options), options.mountPoint);
}

function remedyFor(line: string, options: KernelMountOptions): string {
  if (line.includes('allow_other')) return 'Let root put the line user_allow_other into /etc/fuse.conf';
  if (line.includes('/dev/fuse')) return 'Let root allow it: chmod 666 /dev/fuse';
  if (line.includes('write access') || line.includes('ermission')) {
    return `Mount on a directory that you own and may write to, not ${options.mountPoint}`;
  }
  return 'Mount on a directory of your own, or as root';
}

/** recvmsg(2) of one SCM_RIGHTS message; `struct msghdr` and `struct cmsghdr` of 64-bit Linux. */
function receiveDescriptor(socket: number): number {
  const byte = Buffer.alloc(1);
  const vector = Buffer.alloc(IOVEC_BYTES);
  writeVector(vector, 0, byte);
  const control = Buffer.alloc(24); // CMSG_SPACE(sizeof(int))
  const message = Buffer.alloc(56);
  message.writeBigUInt64LE(addressOf(vector), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(addressOf(control), 32);
  message.writeBigUInt64LE(BigInt(control.length), 40);
  const received = recvmsg(socket, message, MSG_DONTWAIT_CMSG_CLOEXEC);
  const isRights = control.readInt32LE(8) === SOL_SOCKET && control.readInt32LE(12) === SCM_RIGHTS;
  if (received < 0 || !isRights) throw new Failure('internal', `${FUSERMOUNT} passed no descriptor`);
  const fd = control.readInt32LE(16);
  fcntl(fd, F_SETFL, O_RDWR_NONBLOCK);
  return fd;
}
