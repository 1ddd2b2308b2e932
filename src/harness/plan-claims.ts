import type { ComparedArm, ProgramArm } from '../bench/arms.js';
import { OWN_CLAIMS, PROGRAM_LINK, programClaims, type Claim, type ClaimGroup } from '../bench/claims.js';
import { createPlan } from '../bench/plan.js';
import { findPrograms } from '../bench/programs/installed.js';
import { MINIMUM_BLOCKS } from '../bench/statistics/verdict.js';
import type { Config } from '../config/schema.js';
import { profileNamed } from '../emulator/link/profiles.js';
import { Failure, usageError } from '../errors/failure.js';
import type { LinkExperiment } from './measure-links.js';

/** Programs that the transfers are compared with, where they are installed. */
export const CLAIM_PROGRAMS = ['rclone', 's3cmd'] as const satisfies readonly ProgramArm[];

export interface ClaimsWish {
  readonly seed: number;
  readonly transfer: Config['transfer'];
  /** Name of a link: only what is claimed of it. */
  readonly link?: string;
  /** @defaultValue 10: fewer decide nothing */
  readonly blocks?: number;
}

/** What is measured, and what can not be. */
export interface PlannedClaims {
  readonly experiments: readonly LinkExperiment[];
  readonly claims: readonly Claim[];
  /** A program that is missing, and how to get it. */
  readonly missing: readonly { readonly program: ProgramArm; readonly reason: string }[];
  readonly withStorm: boolean;
}

/** The link on which the server refuses: nothing but its limit is to be seen. */
const STORM_LINK = 'loopback';

/**
 * An experiment for each link of which something is claimed, on the lean path of `aggressive`, for which it is claimed.
 *
 * @throws Failure `usage` for a link of which nothing is claimed, and for impossible blocks.
 */
export async function planClaims({ seed, transfer, link, blocks }: ClaimsWish): Promise<PlannedClaims> {
  const programs = await installedPrograms();
  const all = [...OWN_CLAIMS, ...programClaims(programs.installed)];
  const groups = all.filter(({ profile }) => link === undefined || profile === link);
  if (groups.length === 0) {
    const names = [...new Set(all.map(({ profile }) => profile))];
    throw usageError(
      `Nothing is claimed of the link ${link ?? ''}`,
      `Links with claims: ${names.join(', ')}`,
    );
  }
  const experiment = (group: ClaimGroup): LinkExperiment => {
    const profile = profileNamed(group.profile);
    const plan = createPlan({
      ...{ seed, arms: group.arms, sizesBytes: group.sizesBytes, link: profile },
      transfer: { ...transfer, level: 'aggressive' },
      blocks: blocks ?? MINIMUM_BLOCKS,
      ...(group.operations === undefined ? {} : { operations: group.operations }),
      ...(group.smallRequestsBeside === true ? { smallRequestsBeside: true } : {}),
    });
    return { link: profile, plan };
  };
  return {
    experiments: groups.map(experiment),
    claims: groups.flatMap(({ claims }) => claims),
    missing: link === undefined || link === PROGRAM_LINK ? programs.missing : [],
    withStorm: link === undefined || link === STORM_LINK,
  };
}

async function installedPrograms() {
  const installed: (typeof CLAIM_PROGRAMS)[number][] = [];
  const missing: { program: ProgramArm; reason: string }[] = [];
  for (const program of CLAIM_PROGRAMS) {
    const reason = await reasonOfAbsence(program);
    if (reason === undefined) installed.push(program);
    else missing.push({ program, reason });
  }
  return { installed, missing };
}

async function reasonOfAbsence(program: ComparedArm): Promise<string | undefined> {
  try {
    await findPrograms([program]);
    return undefined;
  } catch (error) {
    const { message, remedy } = Failure.from(error);
    return remedy === undefined ? message : `${message}. ${remedy}`;
  }
}
