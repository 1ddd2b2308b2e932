import { z } from 'zod';
import { usageError } from '../../errors/failure.js';
import { readDocument } from '../read-document.js';
import type { LinkProfile } from './profile.js';
import { LOOPBACK, profileNamed } from './profiles.js';

const RATE_UNITS: Readonly<Record<string, number>> = {
  'B/s': 1,
  'kB/s': 1e3,
  'MB/s': 1e6,
  'GB/s': 1e9,
  'MiB/s': 2 ** 20,
  'kbit/s': 1e3 / 8,
  'Mbit/s': 1e6 / 8,
  'Gbit/s': 1e9 / 8,
};

const ms = z.number().nonnegative();
const bytes = z.number().int().positive();
const rate = z.union([
  z.number().positive(),
  z.string().transform((text, context) => {
    const match = /^\s*(\d+(?:\.\d+)?)\s*(\S+)\s*$/.exec(text);
    const perSecond = Number(match?.[1]) * (RATE_UNITS[match?.[2] ?? ''] ?? NaN);
    if (perSecond > 0) return perSecond;
    const message = `"${text}" is not a rate; write bytes per second or one such as 40 Mbit/s or 5 MB/s`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
]);
const step = z.strictObject({ afterMs: ms, factor: z.number().nonnegative() });

/** A profile of a user: the keys of {@link LinkProfile}, over those of the profile that `like` names. */
const profileSchema = z.strictObject({
  name: z.string().min(1),
  like: z.string().exactOptional(),
  description: z.string().exactOptional(),
  source: z.string().exactOptional(),
  roundTripMs: ms.exactOptional(),
  requestOverheadMs: ms.exactOptional(),
  connectionUpBytesPerSecond: rate.exactOptional(),
  connectionDownBytesPerSecond: rate.exactOptional(),
  totalUpBytesPerSecond: rate.exactOptional(),
  totalDownBytesPerSecond: rate.exactOptional(),
  jitterMs: ms.exactOptional(),
  slowStart: z.boolean().exactOptional(),
  queueUpBytes: bytes.exactOptional(),
  queueDownBytes: bytes.exactOptional(),
  lossRatio: z.number().nonnegative().max(0.5).exactOptional(),
  lossBurstSegments: z.number().min(1).exactOptional(),
  meanBytesToReset: bytes.exactOptional(),
  capacitySteps: z.array(step).min(1).exactOptional(),
  capacityPeriodMs: z.number().positive().exactOptional(),
});

/**
 * The profile of a name, or of a YAML file: whatever ends in `.yaml` or `.yml` is a file.
 *
 * @throws Failure `usage` where there is none, and for a file with an unknown key (naming the nearest), a wrong value or
 * numbers that contradict each other.
 */
export function profileOf(nameOrFile: string): LinkProfile {
  if (!/\.ya?ml$/.test(nameOrFile)) return profileNamed(nameOrFile);
  const { like, ...own } = readDocument(nameOrFile, profileSchema);
  const base = like === undefined ? LOOPBACK : profileNamed(like);
  const description = like === undefined ? 'Of a user' : `Like ${like}, with changes of a user`;
  const profile: LinkProfile = { ...base, description, source: nameOrFile, ...own };
  refuseContradictions(profile, nameOrFile);
  return profile;
}

function refuseContradictions(profile: LinkProfile, path: string): void {
  const refuse = (what: string, remedy: string): never => {
    throw usageError(`${path}: ${what}`, remedy, path);
  };
  const { capacitySteps: steps = [], capacityPeriodMs: periodMs } = profile;
  for (const direction of ['Up', 'Down'] as const) {
    if (profile[`queue${direction}Bytes`] === undefined) continue;
    if (profile[`total${direction}BytesPerSecond`] !== undefined) continue;
    refuse(
      `queue${direction}Bytes is a queue before total${direction}BytesPerSecond, which is not set`,
      'Set both',
    );
  }
  if (
    steps.length > 0 &&
    profile.totalUpBytesPerSecond === undefined &&
    profile.totalDownBytesPerSecond === undefined
  )
    refuse('capacitySteps change the shared ceilings, and none is set', 'Set totalDownBytesPerSecond');
  if (steps.some(({ afterMs }, index) => afterMs <= (steps[index - 1]?.afterMs ?? -1)))
    refuse('capacitySteps are not in the order of time', 'Sort them by afterMs');
  if (periodMs !== undefined && (steps.at(-1)?.afterMs ?? 0) >= periodMs)
    refuse('a step comes after capacityPeriodMs', 'Let the period be longer than the last afterMs');
  const isDeadAtEnd = periodMs === undefined && steps.at(-1)?.factor === 0;
  const isAlwaysDead =
    periodMs !== undefined && steps[0]?.afterMs === 0 && steps.every(({ factor }) => factor === 0);
  if (isDeadAtEnd || isAlwaysDead) refuse('the outage never ends', 'Add a step with a factor above 0');
  if (profile.lossBurstSegments !== undefined && profile.lossRatio === undefined)
    refuse('lossBurstSegments has no effect without lossRatio', 'Set lossRatio');
}
