import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { z } from 'zod';

/** Names one run of one file system, so that others can tell whether it may still be at work. */
export const ownerSchema = z.object({
  mount: z.string(),
  /** Boot and PID namespace: only within the same one do process numbers mean something. Empty where unknown. */
  machine: z.string(),
  pid: z.number(),
  /** When the process started, in ticks since boot (proc(5), field 22): numbers are used again. */
  started: z.string(),
});
export type Owner = z.infer<typeof ownerSchema>;

/** File systems of this very process that run. */
const running = new Set<string>();

/** An owner for a new file system of this process. */
export function newOwner(): Owner {
  return { mount: randomUUID(), machine: machine(), pid: process.pid, started: startOf('self') ?? '' };
}

export function noteRunning(owner: Owner): void {
  running.add(owner.mount);
}

export function noteStopped(owner: Owner): void {
  running.delete(owner.mount);
}

/** `undefined` where it can not be told from here: another machine, or another container. */
export function isRunning(owner: Owner): boolean | undefined {
  if (running.has(owner.mount)) return true;
  const here = machine();
  if (here === '' || owner.machine !== here) return undefined;
  return owner.pid !== process.pid && startOf(String(owner.pid)) === owner.started;
}

function machine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** The name of the program in field 2 may hold spaces and parentheses: fields are counted after its end. */
function startOf(pid: string): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
