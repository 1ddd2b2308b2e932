import { formatInterval, formatRatio, formatTime } from '../format.js';
import { mainComparison } from '../layout/bench.js';
import { countStates } from '../layout/suites.js';
import type { RunReport } from '../model.js';
import { benchSection } from './bench-section.js';
import { costComparison } from './costs.js';
import { html, type Html } from './html.js';
import { document, pill, simulatedBanner, topLine } from './parts.js';
import { headlineBlock } from './page.js';
import { cleanupSection, environmentSection, reproduceSection, requestsSection } from './run-sections.js';
import { suitesSection } from './suites-section.js';

/**
 * Several runs on one page: a table with one column per run, then each run whole. The table compares nothing by itself:
 * runs of different times and machines are no paired experiment, and the page says so.
 */
export function renderComparePage(reports: readonly RunReport[]): string {
  const simulated = reports.filter((report) => report.simulated !== undefined);
  return document(`${simulated.length === 0 ? '' : 'SIMULATED: '}ObjectFS, ${reports.length} runs`, [
    ...simulated.slice(0, 1).map(simulatedBanner),
    html`<main>
      <div class="top"><span class="brand">ObjectFS</span><span>${reports.length} runs</span></div>
      <h1>${reports.length} runs side by side</h1>
      <p class="soft">
        Each ratio was measured inside its own run. Ratios of different runs stand beside each other here;
        whether they differ was not tested.
      </p>
      ${overview(reports)}${costComparison(reports)}${reports.map(wholeRun)}
    </main>`,
  ]);
}

function overview(reports: readonly RunReport[]): Html {
  const row = (name: string, cell: (report: RunReport) => Html) =>
    html`<tr>
      <th>${name}</th>
      ${reports.map((report) => html`<td>${cell(report)}</td>`)}
    </tr>`;
  const rows = [
    row('Verdict', (report) => pill(report.verdict)),
    row('Started', (report) => html`${formatTime(report.run.startedAt)}`),
    row('Link', (report) => html`${linkName(report)}`),
    row('Machine', ({ environment }) => html`${environment.cpu}, Node ${environment.node}`),
    ...benchKeys(reports).map((key) => row(key, (report) => benchCell(report, key))),
    ...suiteKeys(reports).map((key) => row(key, (report) => suiteCell(report, key))),
  ];
  const heads = reports.map((report) => html`<th>${report.run.id}</th>`);
  return html`<div class="card scroll">
    <table>
      <thead>
        <tr>
          <th></th>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function linkName({ simulated }: RunReport): string {
  return simulated === undefined ? 'real endpoint' : `SIMULATED, ${simulated.profile.name}`;
}

function benchKeys(reports: readonly RunReport[]): string[] {
  return [
    ...new Set(reports.flatMap((report) => report.bench.map((cell) => `${cell.operation} ${cell.label}`))),
  ];
}

function benchCell(report: RunReport, key: string): Html {
  const cell = report.bench.find((candidate) => `${candidate.operation} ${candidate.label}` === key);
  const main = cell === undefined ? undefined : mainComparison(cell);
  if (main === undefined) return html`<span class="soft">not measured</span>`;
  return html`<b>${formatRatio(main.ratio.estimate)}</b>
    <span class="soft small">${formatInterval(main.ratio)}</span> ${pill(main.verdict)}`;
}

function suiteKeys(reports: readonly RunReport[]): string[] {
  return [
    ...new Set(
      reports.flatMap((report) => report.suites.map((suite) => `${suite.suite} on ${suite.target}`)),
    ),
  ];
}

function suiteCell(report: RunReport, key: string): Html {
  const suite = report.suites.find((candidate) => `${candidate.suite} on ${candidate.target}` === key);
  if (suite === undefined) return html`<span class="soft">not run</span>`;
  return html`${countStates(suite.cases).map(({ state, count }) => html`${pill(state, `${count} ${state}`)} `)}`;
}

function wholeRun(report: RunReport): Html {
  const banner =
    report.simulated === undefined
      ? html``
      : html`<p>${pill('inconclusive', `SIMULATED, ${report.simulated.profile.name}`)}</p>`;
  return html`<details>
    <summary>Run ${report.run.id} in full</summary>
    ${topLine(report)}${banner}${headlineBlock(report)}
    ${benchSection(report)}${suitesSection(report)}${requestsSection(report)}${environmentSection(report)}${cleanupSection(report)}
    ${reproduceSection(report)}
  </details>`;
}
