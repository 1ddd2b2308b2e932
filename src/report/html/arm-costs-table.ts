import { layoutArmCosts } from '../layout/arm-costs.js';
import type { BenchCell } from '../model.js';
import { html, type Html } from './html.js';

/** CPU time, memory, requests and connections of each arm. */
export function armCostsTable(cells: readonly BenchCell[]): Html {
  const lines = layoutArmCosts(cells).map(
    ({ cell, arm, cpuSecondsPerGib, peakRssMib, requests, hedges, connections }) =>
      html`<tr>
        <th>${cell.operation} ${cell.label}</th>
        <td>${arm}</td>
        <td class="num">${cpuSecondsPerGib.toFixed(1)}</td>
        <td class="num">${Math.round(peakRssMib)}</td>
        <td>${requests}</td>
        <td>${hedges}</td>
        <td>${connections}</td>
      </tr>`,
  );
  return html`<details>
    <summary>CPU time, memory, requests and connections of each arm</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Cell</th>
            <th>Arm</th>
            <th class="num">CPU s per GiB</th>
            <th class="num">Peak RSS, MiB</th>
            <th>Requests of a run</th>
            <th>Asked for twice</th>
            <th>Connections</th>
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div>
  </details>`;
}
