import junitModule, { type Builder } from 'junit-report-builder';
import type { CaseResult, RunReport, SuiteResult } from './model.js';
import { mainComparison } from './layout/bench.js';
import { formatInterval, formatRatio } from './format.js';
import { simulationSentence } from './layout/simulation.js';

// The module itself is the builder; its types describe what a bundler would make of it.
const junit = junitModule as unknown as Builder;

/** Characters that XML 1.0 does not allow at all, not even escaped. */
// eslint-disable-next-line no-control-regex -- they are what is removed
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/**
 * JUnit XML: one test suite per suite, one more for the benchmark. Unsupported and skipped cases are `skipped`, never
 * passes; `broken` and `hung` are errors; each carries its reason.
 */
export function renderJunit(reports: readonly RunReport[]): string {
  const builder = junit.newBuilder();
  for (const report of reports) {
    for (const suite of report.suites) addSuite(builder, report, suite);
    if (report.bench.length > 0) addBench(builder, report);
  }
  return builder.build();
}

function addSuite(builder: Builder, report: RunReport, suite: SuiteResult): void {
  const name = suite.control ? `${suite.suite} (control)` : suite.suite;
  const node = builder
    .testSuite()
    .name(clean(`${name} on ${suite.target}`))
    .timestamp(report.run.startedAt);
  node.property('run', report.run.id).property('seed', String(report.run.seed));
  if (report.simulated !== undefined) node.property('simulated', clean(simulationSentence(report.simulated)));
  for (const result of suite.cases) {
    const testCase = node
      .testCase()
      .className(clean(`${suite.suite}.${result.group}`))
      .name(clean(`${result.id}: ${result.says}`))
      .time(result.elapsedMs / 1000);
    applyState(testCase, result);
  }
}

function applyState(testCase: ReturnType<Builder['testCase']>, result: CaseResult): void {
  const reason = clean(`${result.state}: ${result.reason ?? 'no reason was given'} (seed ${result.seed})`);
  switch (result.state) {
    case 'passed':
      return;
    case 'expected-failure':
    case 'unsupported':
    case 'skipped':
      testCase.skipped();
      testCase.standardOutput(reason); // the library writes <skipped/> without a message
      return;
    case 'failed':
    case 'unexpected-pass':
      testCase.failure(reason, result.state);
      return;
    case 'broken':
    case 'hung':
      testCase.error(reason, result.state);
  }
}

function addBench(builder: Builder, report: RunReport): void {
  const node = builder.testSuite().name('bench').timestamp(report.run.startedAt);
  if (report.simulated !== undefined) node.property('simulated', clean(simulationSentence(report.simulated)));
  for (const cell of report.bench) {
    const main = mainComparison(cell);
    const samples = cell.arms.flatMap((arm) => arm.samples);
    const testCase = node
      .testCase()
      .className(`bench.${cell.operation}`)
      .name(clean(`${cell.operation} ${cell.label}`));
    testCase.time(samples.reduce((sum, sample) => sum + sample.elapsedMs, 0) / 1000);
    const wrong = samples.filter((sample) => !sample.verified).length;
    if (wrong > 0) testCase.failure(`${wrong} transfers moved wrong bytes`, 'wrong-bytes');
    if (main === undefined) continue;
    const text = `${main.arm} against ${main.baseline}: ${formatRatio(main.ratio.estimate)}, 95 % interval ${formatInterval(main.ratio)}, ${main.verdict}`;
    if (main.verdict === 'slower' && wrong === 0) testCase.failure(text, 'slower');
    else if (main.verdict === 'inconclusive' && wrong === 0) testCase.skipped().standardOutput(text);
    else testCase.standardOutput(text);
  }
}

function clean(text: string): string {
  return text.replace(NOT_XML, '?');
}
