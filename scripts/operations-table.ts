/**
 * Prints a Markdown table from the `results.json` of runs: targets x operations, as
 * `passed / failed / unsupported / skipped`.
 *
 *   node dist/scripts/operations-table.js reports/a reports/b >table.md
 */
import { readRun } from '../src/report/read.js';
import type { CaseResult, CaseState } from '../src/report/model.js';

/** The columns of a cell; what hung, or passed against the list of known results, is told by the report. */
const KINDS: readonly (readonly CaseState[])[] = [
  ['passed', 'unexpected-pass'],
  ['failed', 'hung', 'broken', 'expected-failure'],
  ['unsupported'],
  ['skipped'],
];

const byTarget = new Map<string, CaseResult[]>();
for (const folder of process.argv.slice(2)) {
  const { suites } = await readRun(folder);
  for (const { target, control, cases } of suites) {
    if (!control) byTarget.set(target, [...(byTarget.get(target) ?? []), ...cases]);
  }
}

const targets = [...byTarget.keys()];
const all = [...byTarget.values()].flat();
const operations = [...new Set(all.flatMap((result) => result.operations))].sort();
print(['operation', ...targets]);
print(['---', ...targets.map(() => '---')]);
print(['all cases', ...targets.map((target) => cell(casesOf(target)))]);
for (const operation of operations) {
  const about = (target: string): CaseResult[] =>
    casesOf(target).filter((result) => result.operations.includes(operation));
  print([operation, ...targets.map((target) => cell(about(target)))]);
}

function casesOf(target: string): readonly CaseResult[] {
  return byTarget.get(target) ?? [];
}

function cell(cases: readonly CaseResult[]): string {
  if (cases.length === 0) return '';
  return KINDS.map((states) => cases.filter(({ state }) => states.includes(state)).length).join(' / ');
}

function print(cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
