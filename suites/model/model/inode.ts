import { Content } from './content.js';

export type Kind = 'file' | 'directory' | 'symlink';

/** A file, directory or symbolic link of the model. */
export class Inode {
  readonly kind: Kind;
  mode: number;
  /** Names of a file or link. */
  names = 1;
  readonly entries = new Map<string, Inode>();
  target = '';
  readonly attributes = new Map<string, Buffer>();
  /** Known only where it was set and nothing has changed since. */
  mtimeNs: string | undefined;
  #content = new Content();
  /** Contents of which any may be there after a crash: what was acknowledged last, and each that followed. */
  survivors: readonly Content[] = [];
  /** No content was acknowledged yet: after a crash there may be nothing. */
  isUnsaved = false;

  constructor(kind: Kind, mode: number) {
    this.kind = kind;
    this.mode = mode;
  }

  get content(): Content {
    return this.#content;
  }

  /** Bytes that a descriptor wrote: a crash may take them until they are acknowledged. */
  change(content: Content): void {
    this.survivors = [...(this.isDirty ? this.survivors : [this.#content]), content];
    this.#content = content;
    this.mtimeNs = undefined;
  }

  /** fsync or close has returned: S3 holds this content. */
  acknowledge(): void {
    this.survivors = [];
    this.isUnsaved = false;
  }

  /** Begins as a file that is nowhere but in the memory of the mount. */
  beUnsaved(): void {
    this.isUnsaved = true;
    this.survivors = [this.#content];
  }

  /** After a crash another file may still have its name. */
  mayBe(other: Inode): void {
    this.survivors = [...other.mayHave(), ...this.survivors];
    if (!other.isUnsaved) this.isUnsaved = false;
  }

  get isDirty(): boolean {
    return this.survivors.length > 0;
  }

  mayHave(): readonly Content[] {
    return this.isDirty ? this.survivors : [this.#content];
  }

  /** What a crash has left. */
  become(content: Content): void {
    this.#content = content;
    this.acknowledge();
  }
}

/** open(2): shared by the descriptors that dup made of it. */
export interface OpenFile {
  readonly inode: Inode;
  readonly flags: number;
  readonly by: number;
  offset: number;
}
