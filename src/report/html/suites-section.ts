import { formatCount, formatDuration } from '../format.js';
import { isBad, layoutSuites, type OperationCoverage, type SuiteRow } from '../layout/suites.js';
import type { CaseResult, RunReport, SuiteResult } from '../model.js';
import { suiteCosts } from './costs.js';
import { html, type Html } from './html.js';
import { pill } from './parts.js';

/** Suites with their counts apart; what failed stands open, the rest is folded. */
export function suitesSection(report: RunReport): Html {
  if (report.suites.length === 0) return html``;
  return html`<section id="suites">
    <h2>Suites</h2>
    <p class="soft">States are counted apart: a skipped or unsupported case is not a pass.</p>
    ${layoutSuites(report.suites).map(suiteCard)}
  </section>`;
}

function suiteCard(row: SuiteRow): Html {
  const { suite } = row;
  const control = suite.control ? html` ${pill('equivalent', 'control')}` : html``;
  return html`<div class="card">
    <p>
      <b>${suite.suite}</b> on ${suite.target}${control}
      <span class="soft small"
        >&nbsp; ${formatCount(row.checks)} checks in ${formatDuration(suite.elapsedMs)}</span
      >
    </p>
    <div class="stack" aria-hidden="true">
      ${row.counts.map(
        ({ state, share }) => html`<i class="s-${state}" style="width:${(share * 100).toFixed(2)}%"></i>`,
      )}
    </div>
    <div class="counts">
      ${row.counts.map(({ state, count }) => pill(state, `${formatCount(count)} ${state}`))}
    </div>
    ${driftList(suite)}${suiteCosts(suite)}${row.bad.map(badCase)}${coverageTable(row.operations)}${row.groups.map(groupList)}
  </div>`;
}

/** Where system calls found the target otherwise than it is declared; no case was judged by it. */
function driftList({ drift }: SuiteResult): Html {
  if (drift === undefined || drift.length === 0) return html``;
  return html`<details open>
    <summary>
      The target is not as it is declared in ${drift.length} ${drift.length === 1 ? 'thing' : 'things'}; this
      decides nothing
    </summary>
    <ul>
      ${drift.map(({ says }) => html`<li>${says}</li>`)}
    </ul>
  </details>`;
}

function badCase(result: CaseResult): Html {
  return html`<details class="case" open>
    <summary>${pill(result.state)} <code>${result.id}</code> ${result.says}</summary>
    <pre>${result.reason ?? 'No reason was given'}</pre>
    <p class="small soft">
      ${result.operations.join(', ')}; ${formatDuration(result.elapsedMs)}; seed ${result.seed}
    </p>
  </details>`;
}

function coverageTable(operations: readonly OperationCoverage[]): Html {
  return html`<details>
    <summary>Operations: passed, applicable, all cases</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Operation</th>
            <th class="num">Passed</th>
            <th class="num">Applicable</th>
            <th class="num">All</th>
          </tr>
        </thead>
        <tbody>
          ${operations.map(
            ({ operation, covered, applicable, total }) =>
              html`<tr>
                <th>${operation}</th>
                <td class="num">${covered}</td>
                <td class="num">${applicable}</td>
                <td class="num">${total}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function remark(text: string | undefined): Html {
  return text === undefined ? html`` : html`<br /><span class="soft small">${text}</span>`;
}

function groupList({ group, cases }: SuiteRow['groups'][number]): Html {
  const others = cases.filter((result) => !isBad(result));
  if (others.length === 0) return html``;
  return html`<details>
    <summary>${group} (${others.length})</summary>
    <div class="scroll">
      <table>
        <tbody>
          ${others.map(
            (result) =>
              html`<tr>
                <td>${pill(result.state)}</td>
                <td>
                  <code>${result.id}</code><br />${result.says}${remark(result.reason)}${remark(result.note)}
                </td>
                <td class="num soft">${formatDuration(result.elapsedMs)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
