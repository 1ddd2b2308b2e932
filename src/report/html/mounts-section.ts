import { formatInterval, formatRatio } from '../format.js';
import { layoutMounts, mountSentences, type MountArm, type MountRow } from '../layout/mounts.js';
import type { Comparison, MountBench, RunReport } from '../model.js';
import { PRICES_AS_OF } from '../prices.js';
import { html, type Html } from './html.js';
import { pill } from './parts.js';

/** Workloads through mounts: one card per workload, every target with its time and its requests. */
export function mountsSection(report: RunReport): Html {
  const { mounts } = report;
  if (mounts === undefined) return html``;
  return html`<section id="mounts">
    <h2>Workloads through mounts</h2>
    <p class="soft">
      Same work, same server, interleaved blocks. Times are medians; a ratio above 1${'\u00d7'} says that the
      first target is faster. Requests are means per run, counted by the server; dollars are those of S3
      Standard in us-east-1, ${PRICES_AS_OF}.
    </p>
    <ul>
      ${mountSentences(mounts).map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
    ${layoutMounts(mounts).map(workloadCard)}${targetNotes(mounts)}
  </section>`;
}

function workloadCard(row: MountRow): Html {
  return html`<div class="card scroll">
    <p><b>${row.cell.workload}</b> <span class="soft">${row.cell.label}</span></p>
    <table>
      <thead>
        <tr>
          <th>Target</th>
          <th class="num">Time</th>
          <th class="num">Rate</th>
          <th class="num">CPU</th>
          <th>Requests</th>
          <th class="num">Speed of the first against it</th>
          <th>Verdict</th>
        </tr>
      </thead>
      <tbody>
        ${row.arms.map((arm) => armLine(arm, row.comparisons))}
      </tbody>
    </table>
  </div>`;
}

function armLine(arm: MountArm, comparisons: readonly Comparison[]): Html {
  const comparison = comparisons.find((entry) => entry.baseline === arm.arm);
  const wrong = arm.wrong === 0 ? html`` : pill('failed', `${arm.wrong} wrong results`);
  const problem = arm.problem === undefined ? html`` : html`<br /><span class="soft">${arm.problem}</span>`;
  return html`<tr>
    <th>${arm.arm}${problem}</th>
    <td class="num">${arm.time}</td>
    <td class="num">${arm.rate}</td>
    <td class="num">${arm.cpu}</td>
    <td class="small">${arm.requests}</td>
    <td class="num">
      ${
        comparison === undefined
          ? html``
          : html`<b>${formatRatio(comparison.ratio.estimate)}</b><br /><span class="small soft"
                >${formatInterval(comparison.ratio)}</span
              >`
      }
    </td>
    <td>${comparison === undefined ? html`` : pill(comparison.verdict)}${wrong}</td>
  </tr>`;
}

function targetNotes({ targets, experiment }: MountBench): Html {
  return html`<details>
    <summary>Targets, and how this was measured</summary>
    ${targets.map(
      ({ target, version, quirks }) =>
        html`<p><b>${target}</b> ${version}. ${quirks.map((quirk) => `${quirk}.`).join(' ')}</p>`,
    )}
    ${experiment.notes.map((note) => html`<p>${note}.</p>`)}
    <p>
      A driver process, neither the runner nor the target, does the work. Mounting again, preparation and the
      comparison of every result with the bucket lie outside the timed part. The speed-up of a block is the
      other target's time over the geometric mean of both runs of the first one; their difference is the
      noise. Ratio: 20 %-trimmed mean of the logarithms, bootstrap interval over blocks; a verdict needs 10
      blocks, the whole interval beyond the margin, and the Wilcoxon test after Benjamini and Hochberg.
    </p>
  </details>`;
}
