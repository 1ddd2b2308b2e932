import { formatSize } from '../../config/size.js';
import { formatCount, formatDuration, formatShare } from '../format.js';
import { linkNumbers } from '../layout/simulation.js';
import type { RunReport } from '../model.js';
import { html, type Html } from './html.js';
import { facts, pill } from './parts.js';

/** What the endpoint was asked. */
export function requestsSection(report: RunReport): Html {
  if (report.requests.length === 0) return html``;
  return html`<section id="requests">
    <h2>Requests</h2>
    <p class="soft">All requests of the run at the endpoint, by operation.</p>
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th>Operation</th>
            <th class="num">Requests</th>
            <th class="num">Errors</th>
            <th class="num">Sent</th>
            <th class="num">Received</th>
          </tr>
        </thead>
        <tbody>
          ${report.requests.map(
            (entry) =>
              html`<tr>
                <th>${entry.operation}</th>
                <td class="num">${formatCount(entry.count)}</td>
                <td class="num">${formatCount(entry.errors)}</td>
                <td class="num">${formatSize(entry.bytesSent)}</td>
                <td class="num">${formatSize(entry.bytesReceived)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** Machine and link. */
export function environmentSection(report: RunReport): Html {
  const { environment, simulated } = report;
  const machine: [string, string][] = [
    ['Node.js', environment.node],
    ['Kernel', environment.kernel],
    ['Processor', `${environment.cpu}, ${environment.cores} cores, ${environment.architecture}`],
    ['Memory', formatSize(environment.memoryBytes)],
    ['Load at start', environment.load.toFixed(2)],
    ['CPU time stolen', environment.steal === undefined ? 'not known' : formatShare(environment.steal)],
    ['Endpoint', environment.endpoint],
    ['Server', environment.server],
  ];
  const link: [string, string][] =
    simulated === undefined
      ? []
      : [
          ['Link', simulated.profile.description],
          ...linkNumbers(simulated.profile).map(({ name, value }): [string, string] => [name, value]),
          ['Source', simulated.profile.source],
        ];
  const linkColumn =
    link.length === 0
      ? html``
      : html`<div>
          <h3>Simulated link</h3>
          ${facts(link)}
        </div>`;
  return html`<section id="environment">
    <h2>Environment</h2>
    <div class="card cols">
      <div>
        <h3>Machine</h3>
        ${facts(machine)}
      </div>
      ${linkColumn}
    </div>
  </section>`;
}

/** What was removed, with the proof. */
export function cleanupSection(report: RunReport): Html {
  if (report.cleanup.length === 0) return html``;
  return html`<section id="clean-up">
    <h2>Clean-up</h2>
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th>Bucket</th>
            <th class="num">Objects removed</th>
            <th class="num">Uploads removed</th>
            <th>Proof</th>
          </tr>
        </thead>
        <tbody>
          ${report.cleanup.map(
            (entry) =>
              html`<tr>
                <th>${entry.bucket}</th>
                <td class="num">${formatCount(entry.removedObjects)}</td>
                <td class="num">${formatCount(entry.removedUploads)}</td>
                <td>
                  ${entry.proven ? pill('passed', 'gone, proven by listing') : pill('failed', 'left behind')}
                  ${entry.problem}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** The command and the seed. */
export function reproduceSection(report: RunReport): Html {
  const { command, seed, startedAt, finishedAt } = report.run;
  const withSeed = /--seed\b/.test(command) ? command : `${command} --seed ${seed}`;
  const elapsed = formatDuration(Date.parse(finishedAt) - Date.parse(startedAt));
  return html`<section id="reproduce">
    <h2>Run it again</h2>
    <pre>${withSeed}</pre>
    <p class="soft small">
      The seed fixes content, names and order. This run took ${elapsed}. All numbers of this page are in
      <code>results.json</code> beside it.
    </p>
  </section>`;
}
