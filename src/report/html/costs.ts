import { formatSize } from '../../config/size.js';
import { formatCount } from '../format.js';
import {
  compareCosts,
  costSentence,
  dearestCases,
  operationText,
  statusText,
  type CostRow,
} from '../layout/costs.js';
import type { RequestCount, RunReport, SuiteResult } from '../model.js';
import { dollarsPerMillion, PRICES_AS_OF } from '../prices.js';
import { html, type Html } from './html.js';
import { pill } from './parts.js';

/** Cases shown by what they cost; all of them are in `results.json`. */
const MOST_CASES = 15;

/** What the requests of the suite would cost, whoever sent them: the target or the cases themselves. */
export function suiteCosts(suite: SuiteResult): Html {
  const { requests } = suite;
  if (requests === undefined) return html``;
  return html`<details>
    <summary>${costSentence(requests)}</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Operation</th>
            <th class="num">Requests</th>
            <th>Replies</th>
            <th class="num">Sent again</th>
            <th class="num">Bytes to the client</th>
            <th class="num">Bytes from it</th>
            <th class="num">Dollars per million runs</th>
          </tr>
        </thead>
        <tbody>
          ${requests.map(operationRow)}
        </tbody>
      </table>
    </div>
    ${caseTable(suite)}
  </details>`;
}

function operationRow(each: RequestCount): Html {
  return html`<tr>
    <th>${each.operation}</th>
    <td class="num">${formatCount(each.count)}</td>
    <td>${statusText(each)}</td>
    <td class="num">${each.retries === undefined ? '' : formatCount(each.retries)}</td>
    <td class="num">${formatSize(each.bytesSent)}</td>
    <td class="num">${formatSize(each.bytesReceived)}</td>
    <td class="num">${dollarsPerMillion([each]).toFixed(2)}</td>
  </tr>`;
}

function caseTable(suite: SuiteResult): Html {
  const cases = dearestCases(suite);
  if (cases.length === 0) return html``;
  return html`<p class="soft small">
      The dearest of ${formatCount(cases.length)} cases that asked the server. Counted is what it was asked
      from the first line of a case to its last; set-up, clean-up and what the target sends later are the rest
      of the suite.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Case</th>
            <th>Requests</th>
            <th class="num">Dollars per million runs</th>
          </tr>
        </thead>
        <tbody>
          ${cases.slice(0, MOST_CASES).map(
            (result) =>
              html`<tr>
                <td><code>${result.id}</code> ${result.state === 'passed' ? html`` : pill(result.state)}</td>
                <td>${operationText(result.requests)}</td>
                <td class="num">${dollarsPerMillion(result.requests).toFixed(2)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

/** The same work in several runs, target by target. */
export function costComparison(reports: readonly RunReport[]): Html {
  const { wholes, cases } = compareCosts(reports);
  if (wholes.length === 0 && cases.length === 0) return html``;
  return html`<section id="costs">
    <h2>What it costs on S3</h2>
    <p class="soft">
      Requests of one run, as the embedded server counted them, in dollars per million runs: S3 Standard,
      us-east-1, ${PRICES_AS_OF}; storage and traffic are not among them. A case that did not pass may have
      stopped early.
    </p>
    ${costTable(reports, wholes)}
    <details>
      <summary>${formatCount(cases.length)} cases, the dearest first</summary>
      ${costTable(reports, cases)}
    </details>
  </section>`;
}

function costTable(reports: readonly RunReport[], rows: readonly CostRow[]): Html {
  if (rows.length === 0) return html``;
  return html`<div class="card scroll">
    <table>
      <thead>
        <tr>
          <th></th>
          ${reports.map(({ run }) => html`<th>${run.id}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ what, cells }) =>
            html`<tr>
              <th>${what}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
