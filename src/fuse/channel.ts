import type { KernelBacking } from '../fs/operations.js';

/** Why a channel gives no more requests: a clean unmount, or somebody aborted the connection. */
export type ChannelEnd = 'unmounted' | 'aborted';

/** What became of a reply. Other than `sent`: the kernel has not taken it, so what it gave out must be taken back. */
export type SendOutcome =
  | 'sent'
  /** The kernel no longer waits for it (interrupted, aborted). */
  | 'unwanted'
  /** It does not have the form that the kernel expects. */
  | 'rejected';

/** The two-way stream of one FUSE connection: `/dev/fuse` in production, a scripted queue in protocol tests. */
export interface FuseChannel {
  /**
   * Reads one whole request. Never blocks.
   *
   * @returns The count of bytes now in `buffer`, `empty` where nothing waits, or why the stream has ended.
   */
  receive(buffer: Buffer): number | 'empty' | ChannelEnd;
  /** Resolves when `receive` is worth another try. One waiter at a time. */
  readable(): Promise<void>;
  /** Sends one whole reply at once. Never blocks. */
  send(parts: readonly Uint8Array[]): SendOutcome;
  /**
   * Sends a notification away from the event loop: the kernel may wait for page locks that only a reply of ours
   * releases. Resolves whether or not the kernel had anything to drop.
   */
  notify(message: Uint8Array): Promise<void>;
  /** Lends local files to the kernel; of use only where PASSTHROUGH was negotiated. */
  readonly backing: KernelBacking;
  /** Ends the connection; requests that the kernel still waits for fail with ECONNABORTED. */
  close(): void;
}
