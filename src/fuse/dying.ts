import { readFileSync } from 'node:fs';

/** Signals that by default end a process: all but CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG and WINCH (signal(7)). */
const DEADLY = ~[17, 18, 19, 20, 21, 22, 23, 28].reduce((mask, signal) => mask | bitOf(signal), 0n);

/**
 * Whether a thread will never come back from its system call, because a signal that it neither catches, blocks nor
 * ignores waits for it (`/proc/TID/status`, proc(5)). A thread that is gone counts as dying; one of another pid namespace
 * (0) does not, for nobody can tell.
 */
export function isDying(threadId: number): boolean {
  if (threadId === 0) return false;
  const status = statusOf(threadId);
  if (status === undefined) return true;
  const signals = (field: string): bigint => {
    const digits = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
    return digits === undefined ? 0n : BigInt(`0x${digits}`);
  };
  const spared = signals('SigBlk') | signals('SigIgn') | signals('SigCgt');
  return ((signals('SigPnd') | signals('ShdPnd')) & DEADLY & ~spared) !== 0n;
}

function statusOf(threadId: number): string | undefined {
  try {
    return readFileSync(`/proc/${threadId}/status`, 'latin1');
  } catch {
    return undefined;
  }
}

function bitOf(signal: number): bigint {
  return 1n << BigInt(signal - 1);
}
