import { formatDuration } from '../format.js';
import type { RunReport } from '../model.js';
import type { MutantResult } from '../selftest-model.js';
import { html, type Html } from './html.js';
import { pill } from './parts.js';

/** The mutation board: each planted defect with the case that noticed it; missed ones first. */
export function selftestSection({ selftest }: RunReport): Html {
  if (selftest === undefined) return html``;
  const { control, mutants } = selftest;
  const inOrder = [...mutants].sort((a, b) => Number(a.state === 'caught') - Number(b.state === 'caught'));
  return html`<section id="selftest">
    <h2>Planted defects</h2>
    <p class="soft">
      A case counts as the one that noticed only when it passed again without the defect. Without any defect
      ${control.cases} cases were run ${control.rounds}${'\u00d7'}; ${control.bad.length} did not pass.
    </p>
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th>Defect</th>
            <th>Planted in</th>
            <th></th>
            <th>Noticed by</th>
            <th class="num">Cases</th>
            <th class="num">Time</th>
          </tr>
        </thead>
        <tbody>
          ${inOrder.map(mutantRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function mutantRow({ id, sentence, where, state, by, reason, cases, elapsedMs }: MutantResult): Html {
  const who =
    by === undefined
      ? html`${reason ?? 'no case'}`
      : html`<code>${by.suite}:${by.id}</code> ${by.tier}<br /><span class="soft small">${by.reason}</span>`;
  return html`<tr>
    <th><code>${id}</code><br /><span class="soft small">${sentence}</span></th>
    <td>${where}</td>
    <td>${pill(state === 'caught' ? 'passed' : 'failed', state)}</td>
    <td>${who}</td>
    <td class="num">${cases}</td>
    <td class="num">${formatDuration(elapsedMs)}</td>
  </tr>`;
}
