import { layoutHeadline } from '../layout/headline.js';
import type { RunReport } from '../model.js';
import { benchSection } from './bench-section.js';
import { claimsSection } from './claims-section.js';
import { html, type Html } from './html.js';
import { mountsSection } from './mounts-section.js';
import { document, pill, simulatedBanner, topLine } from './parts.js';
import { cleanupSection, environmentSection, reproduceSection, requestsSection } from './run-sections.js';
import { selftestSection } from './selftest-section.js';
import { suitesSection } from './suites-section.js';

/** The report of one run as one page that needs nothing else: no network, no script, no other file. */
export function renderPage(report: RunReport, pngNames: readonly string[]): string {
  const title = `${report.simulated === undefined ? '' : 'SIMULATED: '}ObjectFS ${report.run.id}`;
  return document(title, [
    simulatedBanner(report),
    html`<main>
      ${topLine(report)}${headlineBlock(report)}${claimsSection(report)}
      ${benchSection(report)}${mountsSection(report)} ${selftestSection(report)}${suitesSection(report)}
      ${requestsSection(report)}${environmentSection(report)}${cleanupSection(report)}${reproduceSection(report)}
      ${footer(report, pngNames)}
    </main>`,
  ]);
}

/** Verdict, the one sentence, and what decided. */
export function headlineBlock(report: RunReport): Html {
  const headline = layoutHeadline(report);
  const shown = new Set(headline.details);
  const reasons = report.reasons.filter((reason) => !shown.has(reason));
  return html`<header>
    <p>${pill(report.verdict, verdictWord(report.verdict))}</p>
    <h1>${headline.title}</h1>
    <ul class="lead">
      ${headline.details.map((detail) => html`<li>${detail}</li>`)}
    </ul>
    ${reasonList(report, reasons)}
  </header>`;
}

/** Open where they explain trouble, folded where all is well. */
function reasonList(report: RunReport, reasons: readonly string[]): Html {
  if (reasons.length === 0) return html``;
  const list = html`<ul>
    ${reasons.map((reason) => html`<li>${reason}</li>`)}
  </ul>`;
  return report.verdict === 'passed'
    ? html`<details>
        <summary>What decided the verdict</summary>
        ${list}
      </details>`
    : html`<details open>
        <summary>What decided the verdict</summary>
        ${list}
      </details>`;
}

function verdictWord(verdict: RunReport['verdict']): string {
  return { passed: 'Passed', failed: 'Failed', inconclusive: 'Inconclusive' }[verdict];
}

function footer(report: RunReport, pngNames: readonly string[]): Html {
  const names = ['results.json', 'junit.xml', ...pngNames];
  return html`<footer>
    Written by ObjectFS ${report.run.version}. Beside this page:
    ${names.map((name, index) => html`${index === 0 ? '' : ', '}<a href="${name}">${name}</a>`)}.
  </footer>`;
}
