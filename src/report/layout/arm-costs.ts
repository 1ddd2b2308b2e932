import type { Arm, BenchCell } from '../model.js';

/** What one arm took for one cell. */
export interface ArmCost {
  readonly cell: BenchCell;
  readonly arm: string;
  readonly cpuSecondsPerGib: number;
  /** Of the worst run. */
  readonly peakRssMib: number;
  /** `3 GetObject, 1 HeadObject`: as the server saw them, else as the arm counted them; empty where neither is known. */
  readonly requests: string;
  /** `0.5 sent, 0.5 won, 0 cancelled`, of a run; empty where it is not known, or none was sent. */
  readonly hedges: string;
  /** `8 opened, 12 reused`, of a run; empty where it is not known. */
  readonly connections: string;
}

const MIB = 1024 * 1024;

export function layoutArmCosts(cells: readonly BenchCell[]): ArmCost[] {
  return cells.flatMap((cell) =>
    cell.arms
      .filter(({ arm }) => !arm.endsWith('-again'))
      .map((arm) => ({
        cell,
        arm: arm.arm,
        cpuSecondsPerGib: cpuSecondsPerGib(arm),
        peakRssMib: Math.max(...arm.samples.map(({ peakRssBytes }) => peakRssBytes)) / MIB,
        requests: requestText(arm),
        hedges: hedgeText(arm),
        connections: connectionText(arm),
      })),
  );
}

function cpuSecondsPerGib({ samples }: Arm): number {
  const cpuMs = samples.reduce((sum, sample) => sum + sample.cpuMs, 0);
  const bytes = samples.reduce((sum, sample) => sum + sample.bytes, 0);
  return cpuMs / 1000 / (bytes / (1024 * MIB));
}

function requestText({ served = [], samples }: Arm): string {
  if (served.length > 0) {
    return served.map(({ operation, count }) => `${Number(count.toFixed(1))} ${operation}`).join(', ');
  }
  const counted = samples.flatMap(({ requests }) => (requests === undefined ? [] : [requests]));
  if (counted.length === 0) return '';
  return meanText(counted);
}

function hedgeText({ samples }: Arm): string {
  const counted = samples.flatMap(({ hedges }) => (hedges === undefined ? [] : [hedges]));
  if (counted.every(({ sent }) => sent === 0)) return '';
  return textOf(counted, ['sent', 'won', 'cancelled']);
}

function connectionText({ samples }: Arm): string {
  const counted = samples.flatMap(({ connections }) => (connections === undefined ? [] : [connections]));
  return textOf(counted, ['opened', 'reused']);
}

function textOf<Name extends string>(
  counted: readonly Readonly<Record<Name, number>>[],
  names: readonly Name[],
): string {
  if (counted.length === 0) return '';
  return names.map((name) => `${meanText(counted.map((each) => each[name]))} ${name}`).join(', ');
}

function meanText(counts: readonly number[]): string {
  return String(Number((counts.reduce((sum, count) => sum + count, 0) / counts.length).toFixed(1)));
}
