/** stat(2), as far as the model knows it. */
export interface Status {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly size: number;
  readonly nlink: number;
  readonly mtimeNs: string;
  readonly ino: string;
}

export type Value = undefined | number | string | Uint8Array | readonly string[] | Status;

/** What a system call gave. */
export type Reply = { readonly errno: string; readonly message?: string } | { readonly value: Value };

/** Answers with what is wrong. */
export type Check = (reply: Reply) => string | undefined;

/** What the model says of a step. */
export type Expected =
  | { readonly kind: 'errno'; readonly names: readonly string[] }
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'check'; readonly check: Check }
  /** The step asks for something that is not there: an empty slot. It is not made. */
  | { readonly kind: 'none' };
