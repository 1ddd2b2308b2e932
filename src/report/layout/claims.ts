import type { ClaimResult } from '../claim-model.js';

/** One claim as all reporters tell it. */
export interface ClaimRow {
  readonly says: string;
  readonly state: ClaimResult['state'];
  /** `5.12 (5.05 to 5.20)`; empty where nothing was measured. */
  readonly found: string;
  readonly reason: string;
}

/** What was missed first: it is what somebody has to act on. */
const ORDER: readonly ClaimResult['state'][] = ['missed', 'open', 'reached', 'not-measured'];

export function layoutClaims(claims: readonly ClaimResult[] | undefined): ClaimRow[] {
  return [...(claims ?? [])]
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
    .map(({ says, state, measured, reason }) => ({
      ...{ says, state, reason: reason ?? '' },
      found: measured === undefined ? '' : foundText(measured),
    }));
}

/** `21 of 24 claims reached, 2 not decided, 1 missed`; nothing where none was put to the test. */
export function claimSentences(claims: readonly ClaimResult[] | undefined): string[] {
  if (claims === undefined) return [];
  const count = (state: ClaimResult['state']) => claims.filter((claim) => claim.state === state).length;
  const others = [
    [count('missed'), 'missed'],
    [count('open'), 'not decided'],
    [count('not-measured'), 'not measured'],
  ] as const;
  const rest = others.filter(([number]) => number > 0).map(([number, word]) => `, ${number} ${word}`);
  return [`${count('reached')} of ${claims.length} claims reached${rest.join('')}`];
}

function foundText({ estimate, lower, upper }: NonNullable<ClaimResult['measured']>): string {
  const digits = (value: number) => value.toFixed(value < 10 ? 3 : 1);
  if (lower === upper) return digits(estimate);
  return `${digits(estimate)} (${digits(lower)} to ${digits(upper)})`;
}
