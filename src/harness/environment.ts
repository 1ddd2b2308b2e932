import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type as systemType } from 'node:os';
import type { Environment } from '../report/model.js';

/** Time counters of all processors, in clock ticks: first line of /proc/stat, proc(5). */
interface CpuTimes {
  readonly total: number;
  readonly steal: number;
}

/** Notes the machine at the start of a run; `finish` adds what only the end can tell. */
export interface EnvironmentProbe {
  /** @param endpoint - URL or `aws:REGION`. @param server - `embedded`, or the endpoint's `Server` header. */
  finish(endpoint: string, server: string): Promise<Environment>;
}

export async function startEnvironmentProbe(): Promise<EnvironmentProbe> {
  const before = await readCpuTimes();
  const load = loadavg()[0] ?? 0;
  return {
    finish: async (endpoint, server) => {
      const steal = stealShare(before, await readCpuTimes());
      return {
        node: process.version,
        kernel: `${systemType()} ${release()}`,
        architecture: arch(),
        cpu: cpus()[0]?.model.trim() ?? 'unknown',
        cores: availableParallelism(),
        memoryBytes: totalmem(),
        load,
        ...(steal === undefined ? {} : { steal }),
        endpoint,
        server,
      };
    },
  };
}

/** The share of all processor time between two readings that the hypervisor gave to others. */
export function stealShare(before: CpuTimes | undefined, after: CpuTimes | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const total = after.total - before.total;
  return total <= 0 ? 0 : (after.steal - before.steal) / total;
}

/** @param text - Content of /proc/stat. */
export function parseCpuTimes(text: string): CpuTimes | undefined {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number);
  // user nice system idle iowait irq softirq steal; guest time is counted in user already
  const times = fields?.slice(0, 8);
  if (times?.length !== 8 || times.some((value) => !Number.isFinite(value))) return undefined;
  return { total: times.reduce((sum, value) => sum + value, 0), steal: times[7] ?? 0 };
}

async function readCpuTimes(): Promise<CpuTimes | undefined> {
  try {
    return parseCpuTimes(await readFile('/proc/stat', 'utf8'));
  } catch {
    return undefined;
  }
}
