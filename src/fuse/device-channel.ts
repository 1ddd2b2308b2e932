import { closeSync } from 'node:fs';
import { ERRNO } from '../errors/errno.js';
import { Failure } from '../errors/failure.js';
import type { KernelBacking } from '../fs/operations.js';
import { BACKING_CLOSE, BACKING_MAP_BYTES, BACKING_OPEN } from './abi/device-requests.js';
import type { ChannelEnd, FuseChannel, SendOutcome } from './channel.js';
import { HaltPolling } from './halt-polling.js';
import * as libc from '../libc/libc.js';

/** Below this, copying a reply into one buffer is cheaper than giving the kernel a list of addresses. */
const COPY_BELOW_BYTES = 4096;

/** writev(2) takes at most this many parts (IOV_MAX). */
const MOST_VECTORS = 1024;

/** An open `/dev/fuse` descriptor that belongs to one mount. It must be in non-blocking mode. */
export class DeviceChannel implements FuseChannel {
  readonly #fd: number;
  readonly #vectors = Buffer.alloc(MOST_VECTORS * libc.IOVEC_BYTES);
  readonly #watch: libc.Watch;
  readonly #polling = new HaltPolling();
  #watching = true;
  #waiter: (() => void) | undefined;
  #closed = false;
  #notifying = 0;

  readonly backing: KernelBacking = {
    open: (fd) => {
      if (this.#closed) return undefined;
      const map = Buffer.alloc(BACKING_MAP_BYTES);
      map.writeInt32LE(fd, 0);
      const id = libc.ioctl(this.#fd, BACKING_OPEN, map);
      return id > 0 ? id : undefined;
    },
    close: (backingId) => {
      if (this.#closed) return;
      const argument = Buffer.alloc(4);
      argument.writeUInt32LE(backingId, 0);
      libc.ioctl(this.#fd, BACKING_CLOSE, argument);
    },
  };

  constructor(fd: number) {
    this.#fd = fd;
    this.#watch = libc.watchReadable(fd, this.#onReadable);
  }

  receive(buffer: Buffer): number | 'empty' | ChannelEnd {
    if (this.#closed) return 'aborted';
    for (;;) {
      const received = libc.read(this.#fd, buffer, buffer.length);
      if (received > 0) return received;
      const errno = received === 0 ? ERRNO.ENODEV : libc.lastErrno();
      if (errno === ERRNO.EAGAIN) return 'empty';
      if (errno === ERRNO.ENODEV) return 'unmounted';
      if (errno === ECONNABORTED) return 'aborted';
      // ENOENT: the request was interrupted before it reached us. EINTR: a signal.
      if (errno !== ERRNO.ENOENT && errno !== ERRNO.EINTR) {
        throw new Failure('internal', `Reading /dev/fuse failed with error number ${errno}`);
      }
    }
  }

  async readable(): Promise<void> {
    if (this.#closed) return;
    this.#polling.begin();
    await new Promise<void>((resolve) => {
      this.#waiter = resolve;
      if (!this.#watching) {
        this.#watching = true;
        this.#watch.start(this.#onReadable);
      }
    });
  }

  send(parts: readonly Uint8Array[]): SendOutcome {
    if (this.#closed) return 'unwanted';
    const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
    const gathered = sizeBytes <= COPY_BELOW_BYTES || parts.length > MOST_VECTORS;
    const sent = gathered ? this.#sendCopied(parts, sizeBytes) : this.#sendVectors(parts);
    if (sent >= 0) return 'sent';
    const errno = libc.lastErrno();
    return errno === ERRNO.EINVAL || errno === ERRNO.EFAULT ? 'rejected' : 'unwanted';
  }

  async notify(message: Uint8Array): Promise<void> {
    if (this.#closed) return;
    this.#notifying += 1;
    await new Promise<void>((resolve) => {
      libc.write.async(this.#fd, message, message.length, () => {
        resolve();
      });
    });
    this.#notifying -= 1;
    if (this.#isClosed()) this.#closeDescriptor();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.close();
    this.#waiter?.();
    this.#closeDescriptor();
  }

  /** Level-triggered: when nobody waits (back pressure), watching stops instead of spinning. */
  readonly #onReadable = (): void => {
    const waiter = this.#waiter;
    if (waiter === undefined) {
      this.#watching = false;
      this.#watch.stop();
      return;
    }
    this.#waiter = undefined;
    this.#polling.end();
    setImmediate(waiter);
  };

  /** A method, because the answer changes across an await. */
  #isClosed(): boolean {
    return this.#closed;
  }

  /** A write in another thread must not meet a descriptor number that was given out again. */
  #closeDescriptor(): void {
    if (this.#notifying === 0) closeSync(this.#fd);
  }

  #sendCopied(parts: readonly Uint8Array[], sizeBytes: number): number {
    return libc.write(this.#fd, Buffer.concat(parts), sizeBytes);
  }

  #sendVectors(parts: readonly Uint8Array[]): number {
    let count = 0;
    for (const part of parts) {
      if (part.length === 0) continue;
      libc.writeVector(this.#vectors, count, part);
      count += 1;
    }
    return libc.writev(this.#fd, this.#vectors, count);
  }
}

/** Not in the errno table: only a read of an aborted connection gives it (FUSE_ABORT_ERROR). */
const ECONNABORTED = 103;
