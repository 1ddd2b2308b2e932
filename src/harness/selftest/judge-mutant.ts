import type { PlantedDefect } from '../../config/planted.js';
import type { Failure } from '../../errors/failure.js';
import type { MutantResult } from '../../report/selftest-model.js';
import type { ListedCase } from '../selection.js';
import type { HostedOutcome } from './case-host.js';
import type { Lane } from './lane.js';

/** A case notices a defect when it fails or never ends; one whose set-up fails knows nothing. */
function notices({ state }: HostedOutcome): boolean {
  return state === 'failed' || state === 'hung';
}

/**
 * Plants one defect and runs cases until one notices. That one is run again without the defect and must pass: a case
 * that always fails notices nothing.
 */
export async function judgeMutant(
  lane: Lane,
  { id, sentence, where }: PlantedDefect,
  cases: readonly ListedCase[],
  signal: AbortSignal,
): Promise<MutantResult> {
  const startedMs = performance.now();
  const result = (count: number, rest: Pick<MutantResult, 'state' | 'by'>): MutantResult => ({
    id,
    sentence,
    where,
    cases: count,
    elapsedMs: performance.now() - startedMs,
    ...rest,
  });
  for (const [at, entry] of cases.entries()) {
    signal.throwIfAborted();
    const outcome = await runPlanted(lane, id, entry, signal);
    if (!notices(outcome)) continue;
    const sound = await lane.run(entry, await lane.area(), signal);
    if (sound.state !== 'passed') continue;
    const { suite, tier } = entry;
    const by = { suite, id: entry.id, tier, reason: outcome.reason ?? outcome.state };
    return result(at + 1, { state: 'caught', by });
  }
  return result(cases.length, { state: 'missed' });
}

/** The booking of a defect under which the lane broke: nothing is known of it. */
export function brokenMutant({ id, sentence, where }: PlantedDefect, { message }: Failure): MutantResult {
  return { id, sentence, where, state: 'broken', reason: message, cases: 0, elapsedMs: 0 };
}

async function runPlanted(
  lane: Lane,
  id: string,
  entry: ListedCase,
  signal: AbortSignal,
): Promise<HostedOutcome> {
  const area = await lane.area();
  await lane.plant(id);
  try {
    return await lane.run(entry, area, signal);
  } finally {
    await lane.plant();
  }
}
