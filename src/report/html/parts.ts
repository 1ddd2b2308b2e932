import { html, type Html } from './html.js';
import { STYLE } from './style.js';
import { formatTime } from '../format.js';
import { linkNumbers } from '../layout/simulation.js';
import type { RunReport } from '../model.js';
import { Html as Markup } from './html.js';

/** A whole document around the content. */
export function document(title: string, content: readonly Html[]): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <title>${title}</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        ${content}
      </body>
    </html> `.text;
}

/** A state or verdict as a coloured word; the word carries the meaning, not the colour. */
export function pill(state: string, text: string = state): Html {
  return html`<span class="pill ${state}">${text}</span>`;
}

/** Sticks to the top of the page: nobody sees a number without it. */
export function simulatedBanner(report: RunReport): Html {
  const { simulated } = report;
  if (simulated === undefined) return html``;
  const numbers = linkNumbers(simulated.profile).map(({ name, value }) => `${value} ${name}`);
  const place = simulated.region === undefined ? '' : ` for region ${simulated.region}`;
  return html`<div class="simulated" role="note">
    <div>
      <strong>SIMULATED</strong>, not AWS: embedded S3 server behind the link
      &ldquo;${simulated.profile.name}&rdquo;${place}. ${numbers.join(', ')}. ${simulated.reason}.
    </div>
  </div>`;
}

/** Name of the product, run and time. */
export function topLine(report: RunReport): Html {
  return html`<div class="top">
    <span class="brand">ObjectFS</span><span>run ${report.run.id}</span>
    <span>${formatTime(report.run.startedAt)}</span><span>version ${report.run.version}</span>
  </div>`;
}

/** Term and value pairs. */
export function facts(entries: readonly (readonly [string, string])[]): Html {
  return html`<dl>
    ${entries.map(
      ([term, value]) =>
        html`<dt>${term}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}
