import type { Step } from '../../../src/harness/api/index.js';
import { descriptorStep } from './descriptors.js';
import type { Inode, OpenFile } from './inode.js';
import { nameStep } from './names.js';
import { Errno, Tree, canWrite } from './tree.js';
import type { Check, Expected, Value } from './replies.js';

/** What a step does in the model: the value of the call, or `undefined` where it is not made. */
export type Effect = { readonly value: Value } | { readonly check: Check } | undefined;

/** Beyond the end of a file a mapping ends in SIGBUS. */
function isMappable(inode: Inode, at: number, length: number): boolean {
  return inode.kind === 'file' && length > 0 && at + length <= inode.content.size;
}

/** A local file system in memory, as root sees it: what POSIX and Linux's man pages say of each call. */
export class Model {
  readonly tree = new Tree();
  readonly slots = new Map<number, OpenFile>();

  /**
   * Makes a step.
   *
   * @param actual - What the call gave: some may do less than was asked (copy_file_range).
   */
  step(step: Step, actual?: Value): Expected {
    try {
      const effect = this.isMade(step)
        ? (descriptorStep(this, step, actual) ?? nameStep(this, step))
        : undefined;
      if (effect === undefined) return { kind: 'none' };
      if ('check' in effect) return { kind: 'check', check: effect.check };
      return { kind: 'value', value: effect.value };
    } catch (reason) {
      if (reason instanceof Errno) return { kind: 'errno', names: reason.names };
      throw reason;
    }
  }

  /** Whether the step asks for what is there: an open slot, or an empty one for a new descriptor. */
  isMade(step: Step): boolean {
    if (step.op === 'open') return !this.slots.has(step.slot);
    if (!('slot' in step)) return true;
    const file = this.slots.get(step.slot);
    if (file === undefined) return false;
    // Node makes no call that moves nothing.
    if (step.op === 'read' || step.op === 'write') return step.length > 0;
    if (step.op === 'dup') return !this.slots.has(step.to);
    if (step.op === 'copy') return this.slots.get(step.to)?.by === file.by;
    if (step.op === 'seek') return file.inode.kind === 'file';
    if (step.op === 'map') return isMappable(file.inode, step.at, step.length);
    return true;
  }

  /** Every descriptor is closed. */
  closeAll(): void {
    for (const slot of [...this.slots.keys()]) this.close(slot);
  }

  close(slot: number): void {
    const file = this.slots.get(slot);
    this.slots.delete(slot);
    if (file !== undefined && canWrite(file.flags)) file.inode.acknowledge();
  }

  /** Whether a descriptor that may write is open: then a change by path is not acknowledged by its return. */
  isOpenForWriting(inode: Inode): boolean {
    return [...this.slots.values()].some((file) => file.inode === inode && canWrite(file.flags));
  }

  /** The descriptors are gone, and nobody has closed them. */
  crash(): void {
    this.slots.clear();
  }
}
