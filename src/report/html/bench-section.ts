import { formatInterval, formatP, formatRatio, formatShare, formatSpeed } from '../format.js';
import { layoutBench, type BenchRow, type RatioPlot } from '../layout/bench.js';
import type { Comparison, RunReport } from '../model.js';
import { armCostsTable } from './arm-costs-table.js';
import { html, type Html } from './html.js';
import { linkTables } from './link-tables.js';
import { pill } from './parts.js';

/** Baseline against optimized: one card per operation, every picture with its numbers as text. */
export function benchSection(report: RunReport): Html {
  const rows = layoutBench(report.bench);
  if (rows.length === 0) return html``;
  const operations = [...new Set(rows.map((row) => row.cell.operation))];
  return html`<section id="bench">
    <h2>Transfer, arm by arm</h2>
    <p class="soft">
      Same bytes, same link, paired blocks. Above 1${'\u00d7'} ${mainPair(rows)}. Each faint dot is one block,
      the line is the 95 % interval, the grey band counts as no difference.
    </p>
    ${operations.map((operation) =>
      operationCard(
        operation,
        rows.filter((row) => row.cell.operation === operation),
      ),
    )}
    ${summaryTable(report)} ${linkTables(report.bench)} ${allComparisons(rows)} ${armCostsTable(report.bench)}
    ${methodNote(report)}
  </section>`;
}

/** What a ratio above 1 says, in the rows that are drawn. */
function mainPair(rows: readonly BenchRow[]): string {
  const main = rows.find((row) => row.main !== undefined)?.main;
  return main === undefined ? 'the arm is faster' : `${main.arm} is faster than ${main.baseline}`;
}

function operationCard(operation: string, rows: readonly BenchRow[]): Html {
  return html`<h3>${operation}</h3>
    <div class="card">${rows.map(cellRow)}</div>`;
}

function cellRow(row: BenchRow): Html {
  const { cell, main } = row;
  const mismatch =
    row.mismatches === 0 ? html`` : html`<br />${pill('failed', `${row.mismatches} with wrong bytes`)}`;
  const fallback =
    row.fallbacks.length === 0 ? html`` : html`<br />${row.fallbacks.length} fell back to plain`;
  return html`<div class="cell">
    <div class="name">
      ${cell.label}<small>${cell.objects === 1 ? 'one object' : `${cell.objects} objects`}</small>
    </div>
    <div>
      ${row.bars.map(
        (bar) =>
          html`<div class="bar">
            <span>${bar.arm}</span><span><i class="${bar.arm}" style="width:${percent(bar.share)}"></i></span>
            <b>${formatSpeed(bar.mibPerSecond)} <span>MiB/s</span></b>
          </div>`,
      )}
    </div>
    <div>
      ${main === undefined ? html`` : ratioText(main)}${row.plot === undefined ? html`` : ratioPlot(row.plot, cell.label)}
    </div>
    <div class="verdict">
      ${
        main === undefined
          ? html``
          : html`${pill(main.verdict)}<br />faster in ${main.wins} of ${main.blocks} blocks<br />noise
              ${formatInterval(main.noiseFloor)}`
      }${mismatch}${fallback}
    </div>
  </div>`;
}

function ratioText(main: Comparison): Html {
  return html`<div class="ratio">
    ${formatRatio(main.ratio.estimate)} <small>95 %: ${formatInterval(main.ratio)}</small>
  </div>`;
}

const PLOT_WIDTH = 300;

function ratioPlot(plot: RatioPlot, label: string): Html {
  const x = (position: number) => Number((position * PLOT_WIDTH).toFixed(1));
  const tick = ({ x: at, value }: RatioPlot['ticks'][number]) =>
    html`<line class="${value === 1 ? 'one' : 'tick'}" x1="${x(at)}" x2="${x(at)}" y1="2" y2="34" /><text
        x="${x(at)}"
        y="45"
        text-anchor="middle"
        >${value}${'\u00d7'}</text
      >`;
  const dot = ({ x: at, block, outlier }: RatioPlot['dots'][number]) =>
    html`<circle
      class="${outlier ? 'dot far' : 'dot'}"
      cx="${x(at)}"
      cy="${17 + (block % 5) * 3.4}"
      r="2.2"
    />`;
  return html`<svg
    class="plot"
    viewBox="0 0 ${PLOT_WIDTH} 48"
    role="img"
    aria-label="Speed-up of each block, ${label}"
  >
    <rect
      class="band"
      x="${x(plot.bandStart)}"
      width="${x(plot.bandEnd - plot.bandStart)}"
      y="2"
      height="32"
    />
    ${plot.ticks.map(tick)}${plot.dots.map(dot)}
    <line class="whisker" x1="${x(plot.lower)}" x2="${x(plot.upper)}" y1="9" y2="9" />
    <circle class="point" cx="${x(plot.estimate)}" cy="9" r="4.5" />
  </svg>`;
}

function summaryTable(report: RunReport): Html {
  const rows = report.experiment?.summary ?? [];
  if (rows.length === 0) return html``;
  return html`<h3>All cells together</h3>
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th>Comparison</th>
            <th class="num">Geometric mean</th>
            <th class="num">95 % interval</th>
            <th class="num">Cells</th>
            <th>Verdict</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                <th>${row.arm} against ${row.baseline}</th>
                <td class="num"><b>${formatRatio(row.ratio.estimate)}</b></td>
                <td class="num">${formatInterval(row.ratio)}</td>
                <td class="num">${row.cells}</td>
                <td>${pill(row.verdict)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function allComparisons(rows: readonly BenchRow[]): Html {
  const lines = rows.flatMap((row) =>
    row.cell.comparisons.map((comparison) => comparisonLine(row, comparison)),
  );
  return html`<details>
    <summary>Every comparison with its tests</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Cell</th>
            <th>Arms</th>
            <th class="num">Ratio</th>
            <th class="num">95 % interval</th>
            <th class="num">Median</th>
            <th class="num">Wins</th>
            <th class="num">Wilcoxon p</th>
            <th class="num">Adjusted p</th>
            <th class="num">A/A interval</th>
            <th class="num">Margin</th>
            <th class="num">Far out</th>
            <th>Verdict</th>
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div>
  </details>`;
}

function comparisonLine(row: BenchRow, entry: Comparison): Html {
  const far = entry.perBlock.filter((block) => block.outlier).length;
  const without =
    entry.withoutOutliers === undefined ? '' : ` (${formatRatio(entry.withoutOutliers.estimate)} without)`;
  return html`<tr>
    <th>${row.cell.operation} ${row.cell.label}</th>
    <td>${entry.arm} / ${entry.baseline}</td>
    <td class="num">${formatRatio(entry.ratio.estimate)}</td>
    <td class="num">${formatInterval(entry.ratio)}</td>
    <td class="num">${formatRatio(entry.median)}</td>
    <td class="num">${entry.wins}/${entry.blocks}</td>
    <td class="num">${formatP(entry.wilcoxonP)}</td>
    <td class="num">${formatP(entry.adjustedP)}</td>
    <td class="num">${formatInterval(entry.noiseFloor)}</td>
    <td class="num">${formatShare(entry.margin)}</td>
    <td class="num">${far}${without}</td>
    <td>${pill(entry.verdict)}</td>
  </tr>`;
}

function methodNote(report: RunReport): Html {
  const { experiment } = report;
  const notes = experiment?.notes ?? [];
  const margin = formatShare(experiment?.margin ?? 0);
  return html`<details>
    <summary>How this was measured</summary>
    ${notes.map((note) => html`<p>${note}.</p>`)}
    <p>
      One block moves the same object by each arm, and by the first one, the baseline, again, in balanced
      shuffled order, each in a process that was started for the round, with new connections; a program is
      started for each object, inside the timed part. The second run of the baseline shows what identical code
      differs by: the noise. The speed-up of a block is the geometric mean of both baseline times over the
      arm's time.
    </p>
    <p>
      The ratio is the 20 %-trimmed mean of the logarithms, its interval a bootstrap over blocks. Faster,
      slower or equivalent is said only where the whole interval lies beyond or inside the margin (${margin},
      or the noise where that is wider), from 10 blocks on, where the baseline against itself shows no
      difference, and where the Wilcoxon test agrees after Benjamini and Hochberg. Nothing is left out: blocks
      far out are marked with a ring.
    </p>
    <p>
      After the clock has stopped, SHA-256 of what arrived is compared with the source: downloads from the
      local file, uploads by reading the object back.
    </p>
  </details>`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
