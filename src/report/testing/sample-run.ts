import { LOOSE_TEXT } from './loose-text.js';
import type { Arm, BenchCell, CaseState, Comparison, RunReport, SuiteResult } from '../model.js';

const SIMULATED: RunReport['simulated'] = {
  region: 'us-west-2',
  reason: 'No AWS credentials were found',
  profile: {
    name: 'same-region',
    description: 'S3 from a host in its own region',
    source: 'AWS S3 User Guide, "Performance design patterns for Amazon S3"',
    roundTripMs: 2,
    requestOverheadMs: 18,
    connectionUpBytesPerSecond: 25e6,
    connectionDownBytesPerSecond: 25e6,
    totalUpBytesPerSecond: 200e6,
    totalDownBytesPerSecond: 200e6,
  },
};

const ENVIRONMENT: RunReport['environment'] = {
  node: '20.20.2',
  kernel: 'Linux 6.18.0',
  architecture: 'x64',
  cpu: 'AMD EPYC',
  cores: 2,
  memoryBytes: 8 * 2 ** 30,
  load: 0.42,
  steal: 0.031,
  endpoint: 'http://127.0.0.1:40123',
  server: 'embedded',
};

/** A run with everything in it, always the same; the numbers are made up and serve only the tests of reporters. */
export function sampleRun(): RunReport {
  return {
    schemaVersion: 1,
    run: {
      id: '20261122-101500-sample',
      command: 'objectfs bench --region us-west-2',
      startedAt: '2026-11-22T10:15:00.000Z',
      finishedAt: '2026-11-22T10:18:31.000Z',
      seed: 7,
      version: '0.1.0',
    },
    verdict: 'failed',
    reasons: ['posix on objectfs: 1 of 6 cases failed'],
    simulated: SIMULATED,
    environment: ENVIRONMENT,
    suites: [sampleSuite(false), sampleSuite(true)],
    bench: sampleCells(),
    experiment: sampleExperiment(),
    requests: [
      { operation: 'GetObject', count: 812, errors: 0, bytesSent: 0, bytesReceived: 3.1e9 },
      { operation: 'UploadPart', count: 96, errors: 2, bytesSent: 1.6e9, bytesReceived: 0 },
    ],
    cleanup: [
      { bucket: 'objectfs-bench-sample', removedObjects: 31, removedUploads: 0, proven: true },
      {
        bucket: 'objectfs-posix-sample',
        removedObjects: 2,
        removedUploads: 0,
        proven: false,
        problem: 'denied',
      },
    ],
  };
}

function sampleExperiment(): RunReport['experiment'] {
  return {
    seed: 7,
    plannedBlocks: 24,
    warmupBlocks: 1,
    budgetMs: 180_000,
    margin: 0.05,
    notes: ['upload and download of 1 MiB, 32 MiB; 24 blocks', '64 MiB left out'],
    summary: [
      { arm: 'optimized', baseline: 'plain', ratio: ratioOf(2.11, 0.04), cells: 4, verdict: 'faster' },
      { arm: 'sdk', baseline: 'plain', ratio: ratioOf(1.3, 0.05), cells: 4, verdict: 'faster' },
    ],
  };
}

function sampleSuite(control: boolean): SuiteResult {
  const states: CaseState[] = control
    ? ['passed', 'passed', 'passed']
    : ['passed', 'passed', 'failed', 'skipped', 'unsupported', 'expected-failure'];
  return {
    suite: 'posix',
    target: control ? 'dir:/tmp/x' : 'objectfs',
    control,
    elapsedMs: 4210,
    cases: states.map((state, index) => ({
      id: `rename/case-${index}`,
      says: index === 2 ? LOOSE_TEXT : 'A file keeps its content when it is renamed',
      group: index < 4 ? 'rename' : 'link',
      operations: index < 4 ? ['rename', 'stat'] : ['link'],
      state,
      ...(state === 'passed' ? {} : { reason: `${state}: expected ENOENT, got ${LOOSE_TEXT}\nsecond line` }),
      elapsedMs: 12 + index,
      seed: 7,
    })),
  };
}

function sampleCells(): BenchCell[] {
  return (['upload', 'download'] as const).flatMap((operation) => [
    sampleCell(operation, '1 MiB', 2 ** 20, 1.01, 'equivalent'),
    sampleCell(operation, '32 MiB', 2 ** 25, 3.4, 'faster'),
  ]);
}

function sampleCell(
  operation: 'upload' | 'download',
  label: string,
  sizeBytes: number,
  speedup: number,
  verdict: Comparison['verdict'],
): BenchCell {
  return {
    operation,
    label,
    sizeBytes,
    objects: 1,
    profile: 'same-region',
    arms: [
      sampleArm('plain', sizeBytes, 22),
      sampleArm('sdk', sizeBytes, 22 * (1 + speedup) * 0.4),
      sampleArm('optimized', sizeBytes, 22 * speedup),
      sampleArm('plain-again', sizeBytes, 21.9),
    ],
    comparisons: [
      sampleComparison('optimized', 'plain', speedup, verdict),
      sampleComparison('sdk', 'plain', (1 + speedup) * 0.4, 'inconclusive'),
      sampleComparison('optimized', 'sdk', 1.4, 'faster'),
    ],
  };
}

const BLOCKS = 12;

function sampleArm(arm: string, sizeBytes: number, mibPerSecond: number): Arm {
  const samples = Array.from({ length: BLOCKS }, (_, block) => ({
    block,
    order: block % 4,
    elapsedMs: (1000 * sizeBytes) / 2 ** 20 / mibPerSecond,
    bytes: sizeBytes,
    requests: 3,
    retries: 0,
    hedges: {
      sent: Number(arm === 'optimized' && block < 6),
      won: Number(arm === 'optimized' && block < 3),
      cancelled: 0,
    },
    connections: { opened: 1, reused: 2 },
    cpuMs: 80,
    peakRssBytes: 110e6,
    verified: true,
  }));
  return { arm, mibPerSecond, samples };
}

function sampleComparison(
  arm: string,
  baseline: string,
  speedup: number,
  verdict: Comparison['verdict'],
): Comparison {
  const perBlock = Array.from({ length: BLOCKS }, (_, block) => ({
    block,
    ratio: speedup * (block === 3 ? 0.7 : 1 + 0.01 * (block - 6)),
    outlier: block === 3,
  }));
  return {
    arm,
    baseline,
    ratio: ratioOf(speedup, 0.03),
    median: speedup,
    blocks: BLOCKS,
    wins: speedup > 1.1 ? 12 : 7,
    wilcoxonP: speedup > 1.1 ? 0.0005 : 0.62,
    adjustedP: speedup > 1.1 ? 0.001 : 0.7,
    perBlock,
    withoutOutliers: ratioOf(speedup, 0.02),
    noiseFloor: ratioOf(1, 0.02),
    margin: 0.05,
    verdict,
  };
}

function ratioOf(estimate: number, spread: number) {
  return { estimate, lower: estimate * (1 - spread), upper: estimate * (1 + spread) };
}
