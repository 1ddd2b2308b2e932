import { mkdir, open, readFile, rename, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { seededBytes } from '../../../src/harness/api/index.js';
import { digestOf, type Manifest } from './manifest.js';

const KIB = 1024;
const MIB = 1024 * KIB;
/** Names that one writer uses over and over, so that a long run does not grow. */
const NAMES = 8;
const FILES_IN_TREE = 3;

/**
 * One program that writes: small and large files, appends, changes in place, fsync, renames of files and directories,
 * removals. Each step is in the manifest before it begins, and acknowledged there when its call has returned.
 */
export class Writer {
  readonly #root: string;
  readonly #manifest: Manifest;
  readonly #number: number;
  readonly #random: () => number;
  #salt = 0;
  #stopped = false;
  /** Operations that were acknowledged. */
  done = 0;

  constructor(root: string, manifest: Manifest, number: number, random: () => number) {
    this.#root = root;
    this.#manifest = manifest;
    this.#number = number;
    this.#random = random;
  }

  /** Writes until the mount is gone or `stop` was called. */
  async run(): Promise<void> {
    this.#stopped = false;
    try {
      await mkdir(join(this.#root, this.#at('')), { recursive: true });
      while (!this.#isStopped()) {
        await this.#step();
        this.done += 1;
      }
    } catch (reason) {
      // The daemon was killed: whatever a call answers now, its operation counts as under way.
      if (!this.#isStopped()) throw reason;
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  async #step(): Promise<void> {
    const dice = this.#random();
    const [first, second] = [this.#name(), this.#name()];
    const exists = this.#manifest.digest(first) !== undefined;
    if (dice < 0.3 || !exists) await this.#replace(first, this.#pick(64 * KIB));
    else if (dice < 0.42) await this.#replace(first, 8 * MIB + this.#pick(12 * MIB));
    else if (dice < 0.62) await this.#change(first);
    else if (dice < 0.8 && first !== second) await this.#rename(first, second);
    else if (dice < 0.9) await this.#remove(first);
    else await this.#moveTree();
  }

  /** A new content, by way of O_TRUNC; half of the time with fsync before close. */
  async #replace(path: string, sizeBytes: number): Promise<void> {
    const content = this.#bytes(sizeBytes);
    this.#manifest.begin(this.#number, new Map([[path, digestOf(content)]]));
    const file = await open(join(this.#root, path), 'w');
    try {
      await file.write(content);
      if (this.#random() < 0.5) await file.sync();
    } finally {
      await file.close();
    }
    this.#manifest.acknowledge(this.#number);
  }

  /** An append or a change in the middle, acknowledged by fsync; then one more, acknowledged by close. */
  async #change(path: string): Promise<void> {
    const file = await open(join(this.#root, path), 'r+');
    try {
      await this.#patch(file, path, () => file.sync());
      await this.#patch(file, path, () => file.close());
    } catch (reason) {
      await file.close().catch(() => undefined);
      throw reason;
    }
  }

  async #patch(
    file: Awaited<ReturnType<typeof open>>,
    path: string,
    acknowledged: () => Promise<void>,
  ): Promise<void> {
    const before = await this.#content(file);
    const patch = this.#bytes(1 + this.#pick(64 * KIB));
    const at = this.#random() < 0.5 ? before.length : this.#pick(before.length + 1);
    const after = Buffer.alloc(Math.max(before.length, at + patch.length));
    before.copy(after);
    patch.copy(after, at);
    this.#manifest.begin(this.#number, new Map([[path, digestOf(after)]]));
    await file.write(patch, 0, patch.length, at);
    await acknowledged();
    this.#manifest.acknowledge(this.#number);
  }

  async #content(file: Awaited<ReturnType<typeof open>>): Promise<Buffer> {
    const { size } = await file.stat();
    const content = Buffer.alloc(size);
    let done = 0;
    while (done < size) {
      const { bytesRead } = await file.read(content, done, size - done, done);
      if (bytesRead === 0) throw new Error('A file ended before its size');
      done += bytesRead;
    }
    return content;
  }

  /** Between copy and delete both names hold the content: nothing is lost, so that outcome is allowed. */
  async #rename(from: string, to: string): Promise<void> {
    const digest = this.#manifest.digest(from);
    const both = new Map([
      [from, digest],
      [to, digest],
    ]);
    const moved = new Map([
      [from, undefined],
      [to, digest],
    ]);
    this.#manifest.begin(this.#number, both, moved);
    await rename(join(this.#root, from), join(this.#root, to));
    this.#manifest.acknowledge(this.#number);
  }

  async #remove(path: string): Promise<void> {
    this.#manifest.begin(this.#number, new Map([[path, undefined]]));
    await unlink(join(this.#root, path));
    this.#manifest.acknowledge(this.#number);
  }

  /** A directory with files goes to the other of its two names, whole. */
  async #moveTree(): Promise<void> {
    const [a, b] = [this.#at('tree-a/'), this.#at('tree-b/')];
    const [from, to] = this.#manifest.paths(b).length > 0 ? [b, a] : [a, b];
    if (this.#manifest.paths(from).length === 0) {
      await mkdir(join(this.#root, from), { recursive: true });
      for (let number = 0; number < FILES_IN_TREE; number += 1) {
        await this.#replace(`${from}${number}`, this.#pick(4 * KIB));
      }
    }
    const moved = new Map<string, string | undefined>();
    for (const path of this.#manifest.paths(from)) {
      moved.set(path, undefined);
      moved.set(to + path.slice(from.length), this.#manifest.digest(path));
    }
    await rmdir(join(this.#root, to)).catch(() => undefined);
    this.#manifest.begin(this.#number, moved);
    await rename(join(this.#root, from), join(this.#root, to));
    this.#manifest.acknowledge(this.#number);
  }

  #at(name: string): string {
    return `writer-${this.#number}/${name}`;
  }

  #name(): string {
    return this.#at(`file-${this.#pick(NAMES)}`);
  }

  /** A whole number from 0, below `limit`. */
  #pick(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #bytes(sizeBytes: number): Buffer {
    this.#salt += 1;
    return seededBytes(Math.floor(this.#random() * 2 ** 32), sizeBytes, this.#salt);
  }
}

/** Reads back one file of a tree. */
export async function digestOfFile(root: string, path: string): Promise<string> {
  return digestOf(await readFile(join(root, path)));
}
