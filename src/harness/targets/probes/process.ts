import { mkdirSync, mkdtempSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as yieldOnce } from 'node:timers/promises';
import { codeOf, messageOf } from '../../api/outcome.js';
import { linuxSyscalls } from '../../api/syscalls-linux.js';
import type { ProbeAnswer } from './answers.js';
import { NoEffect, PROBES, type Probe } from './table.js';

/*
 * Makes the probes of `table.ts` in a fresh folder of the directory that is its argument, and removes the folder. A
 * process of its own, forked by `probeTarget`: a system call that hangs on a mount hangs nobody else.
 */

process.once('disconnect', () => process.exit());
process.on('SIGINT', () => undefined); // the runner decides

await probeAll(process.argv[2] ?? '');
process.disconnect();

async function probeAll(directory: string): Promise<void> {
  try {
    const folder = mkdtempSync(join(directory, 'objectfs-probe-'));
    for (const probe of PROBES) {
      if (probe.needsRoot === true && process.getuid?.() !== 0) continue;
      tell({ answer: 'begin', need: probe.need, call: probe.call });
      tell({ answer: 'end', need: probe.need, call: probe.call, ...make(probe, folder) });
      await yieldOnce(); // a runner that has ended is noticed
    }
    rmSync(folder, { recursive: true, force: true });
  } catch (reason) {
    tell({ answer: 'given-up', problem: messageOf(reason) });
  }
}

function make(probe: Probe, folder: string): { readonly problem?: string } {
  const own = join(folder, probe.need);
  mkdirSync(own);
  try {
    probe.run(own, linuxSyscalls());
    return {};
  } catch (reason) {
    const code = reason instanceof NoEffect ? undefined : codeOf(reason);
    return { problem: code === undefined ? messageOf(reason) : `gives ${code}` };
  }
}

/** Synchronous: it has left this process before the next call hangs. */
function tell(answer: ProbeAnswer): void {
  writeSync(1, `${JSON.stringify(answer)}\n`);
}
