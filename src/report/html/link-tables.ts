import { formatInterval, formatRatio, formatSpeed } from '../format.js';
import type { BenchCell, Comparison } from '../model.js';
import { html, type Html } from './html.js';
import { pill } from './parts.js';

/** A table for each link: speed of each arm, and each pair of arms. Empty where all cells have one link. */
export function linkTables(cells: readonly BenchCell[]): Html {
  const links = [...new Set(cells.map(({ profile }) => profile))];
  if (links.length < 2) return html``;
  return html`<h3>Link by link</h3>
    ${links.map((link) =>
      linkTable(
        link,
        cells.filter(({ profile }) => profile === link),
      ),
    )}`;
}

function linkTable(link: string, cells: readonly BenchCell[]): Html {
  const arms = cells[0]?.arms.map(({ arm }) => arm).filter((arm) => !arm.endsWith('-again')) ?? [];
  const pairs = cells[0]?.comparisons ?? [];
  return html`<div class="card scroll">
    <p><b>${link}</b></p>
    <table>
      <thead>
        <tr>
          <th>Cell</th>
          ${arms.map((arm) => html`<th class="num">${arm} MiB/s</th>`)}
          ${pairs.map(({ arm, baseline }) => html`<th class="num">${arm} / ${baseline}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${cells.map(
          (cell) =>
            html`<tr>
              <th>${cell.operation} ${cell.label}</th>
              ${arms.map((arm) => html`<td class="num">${speedOf(cell, arm)}</td>`)}
              ${pairs.map((pair) => html`<td class="num">${ratioOf(cell, pair)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function speedOf({ arms }: BenchCell, name: string): string {
  return formatSpeed(arms.find(({ arm }) => arm === name)?.mibPerSecond ?? NaN);
}

function ratioOf({ comparisons }: BenchCell, { arm, baseline }: Pick<Comparison, 'arm' | 'baseline'>): Html {
  const found = comparisons.find((entry) => entry.arm === arm && entry.baseline === baseline);
  if (found === undefined) return html``;
  return html`<b>${formatRatio(found.ratio.estimate)}</b><br /><span class="small soft"
      >${formatInterval(found.ratio)}</span
    ><br />${pill(found.verdict)}`;
}
