import { formatCount, formatDuration, formatInterval, formatRatio, formatSpeed } from '../format.js';
import type { Comparison, MountBench, MountCell } from '../model.js';
import { perMillionRuns } from '../prices.js';
import { axisOf, type RatioAxis } from './bench.js';

const MIB = 1024 * 1024;

export interface MountArm {
  readonly arm: string;
  /** `1.2 s`, `cannot: reason`. */
  readonly time: string;
  /** `51.2 MiB/s`, `143 files/s`; empty where nothing was measured. */
  readonly rate: string;
  /** `2 in all: GetObject 1, ListObjectsV2 1; $5.40 per million runs`; empty where the server was not ours. */
  readonly requests: string;
  /** `140 ms`: processor time of the target; empty where it is not known. */
  readonly cpu: string;
  readonly problem?: string;
  /** Results that were wrong. */
  readonly wrong: number;
}

export interface MountRow {
  readonly cell: MountCell;
  readonly arms: readonly MountArm[];
  readonly comparisons: readonly Comparison[];
}

/** Drawing data for the workloads of a bench through mounts. */
export function layoutMounts(mounts: MountBench | undefined): MountRow[] {
  return (mounts?.cells ?? []).map((cell) => ({
    cell,
    arms: cell.arms.map((arm) => layoutArm(cell, arm)),
    comparisons: cell.comparisons,
  }));
}

/** One axis for all pairs of all workloads. */
export function mountAxis(mounts: MountBench): RatioAxis {
  return axisOf(mounts.cells.flatMap((cell) => cell.comparisons));
}

/** `objectfs at 3.41x the speed of s3fs (2.90 to 4.02x)`, one sentence per other target. */
export function mountSentences(mounts: MountBench): string[] {
  return mounts.experiment.summary.map(
    ({ arm, baseline, ratio, cells, verdict }) =>
      `${arm} at ${formatRatio(ratio.estimate)} the speed of ${baseline} (${formatInterval(ratio)}), geometric ` +
      `mean over ${cells} workloads: ${verdict}`,
  );
}

function layoutArm(cell: MountCell, arm: MountCell['arms'][number]): MountArm {
  const { medianMs, problem, samples } = arm;
  const cpu = samples.flatMap((sample) => (sample.cpuMs === undefined ? [] : [sample.cpuMs]));
  return {
    arm: arm.arm,
    time: medianMs === undefined ? 'not measured' : formatDuration(medianMs),
    rate: medianMs === undefined ? '' : rateText(cell, medianMs),
    requests: requestText(arm),
    cpu: cpu.length === 0 ? '' : formatDuration(cpu.reduce((sum, value) => sum + value, 0) / cpu.length),
    ...(problem === undefined ? {} : { problem }),
    wrong: samples.filter((sample) => !sample.verified).length,
  };
}

function rateText({ amount, unit }: MountCell, medianMs: number): string {
  const perSecond = amount / (medianMs / 1000);
  if (unit === 'bytes') return `${formatSpeed(perSecond / MIB)} MiB/s`;
  return `${formatCount(Math.round(perSecond))} ${unit}/s`;
}

function requestText({ requests, samples }: MountCell['arms'][number]): string {
  if (samples.every((sample) => sample.requests === undefined)) return '';
  const sum = requests.reduce((total, { count }) => total + count, 0);
  const parts = requests.map(({ operation, count }) => `${operation} ${roundCount(count)}`);
  if (parts.length === 0) return '0 in all';
  return `${roundCount(sum)} in all: ${parts.join(', ')}; ${perMillionRuns(requests)}`;
}

function roundCount(count: number): string {
  return formatCount(Number(count.toFixed(1)));
}
