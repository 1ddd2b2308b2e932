import { layoutClaims, type ClaimRow } from '../layout/claims.js';
import type { ClaimResult } from '../claim-model.js';
import type { RunReport } from '../model.js';
import { html, type Html } from './html.js';
import { pill } from './parts.js';

/** What the project says of its transfers, and what this run found of each sentence. */
export function claimsSection({ claims }: RunReport): Html {
  if (claims === undefined) return html``;
  return html`<section id="claims">
    <h2>Claims</h2>
    <p class="soft">
      Reached: the whole 95 % interval keeps the bound. Missed: none of it does. Not decided: some of it, or
      too few blocks.
    </p>
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th>Claim</th>
            <th class="num">Found</th>
            <th></th>
          </tr>
        </thead>
        <tbody>
          ${layoutClaims(claims).map(claimRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

const PILLS: Readonly<Record<ClaimResult['state'], readonly [look: string, word: string]>> = {
  reached: ['passed', 'reached'],
  missed: ['failed', 'missed'],
  open: ['inconclusive', 'not decided'],
  'not-measured': ['skipped', 'not measured'],
};

function claimRow({ says, state, found, reason }: ClaimRow): Html {
  const [look, word] = PILLS[state];
  const why = reason === '' ? html`` : html`<br /><span class="soft small">${reason}</span>`;
  return html`<tr>
    <th>${says}${why}</th>
    <td class="num">${found}</td>
    <td>${pill(look, word)}</td>
  </tr>`;
}
