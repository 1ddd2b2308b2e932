import { Failure } from '../../errors/failure.js';

/** Answers an operation: 0 or a negative errno (or a count of bytes), then results. */
export type NativeCallback = (status: number, ...results: readonly unknown[]) => void;

/** One operation of the package: arguments of libfuse 2, a callback last. */
export type NativeOperation = (...args: readonly never[]) => void;
export type NativeOperations = Readonly<Record<string, NativeOperation>>;

export interface NativeMountOptions {
  readonly fsname: string;
  /** Goes into the mount options as it is: the package knows few of them, so others ride along after a comma. */
  readonly subtype: string;
  readonly allowOther: boolean;
  readonly defaultPermissions: boolean;
  /** `false`: no reply of EIO behind the file system's back. */
  readonly timeout: false;
}

export interface NativeFuse {
  /** The error is `null` or missing on success. */
  mount(done: (error?: Error | null) => void): void;
}

export type NativeFuseConstructor = new (
  mountPoint: string,
  operations: NativeOperations,
  options: NativeMountOptions,
) => NativeFuse;

/**
 * Loads the package, and with it libfuse 2, only now: nobody else needs them.
 *
 * @throws Failure `usage` where libfuse.so.2 or a binary for this platform is missing.
 */
export async function loadFuseNative(): Promise<NativeFuseConstructor> {
  try {
    const name = 'fuse-native'; // not a literal: the package has no types
    // The package is CommonJS and exports its class; the shape above is what its README documents.
    const module = (await import(name)) as { readonly default: NativeFuseConstructor };
    return module.default;
  } catch (reason) {
    throw new Failure('usage', 'The fuse-native binding can not be loaded', {
      remedy: 'Install libfuse 2 (apt-get install libfuse2), or use --binding kernel',
      cause: reason,
    });
  }
}
