import type { Drift } from '../../../report/model.js';
import type { UnmetNeed } from '../../api/protocol.js';
import type { ProbeAnswer } from './answers.js';

/**
 * Where the answers of the probes differ from what is declared of a target: one entry per need, in the order of the
 * answers. A declared lack that is there says that cases are left out for nothing; the other way round they fail.
 *
 * @param unmet - What the target is declared to lack.
 * @param ended - Whether the process of the probes came to its end.
 */
export function driftOf(
  answers: readonly ProbeAnswer[],
  unmet: readonly UnmetNeed[],
  ended: boolean,
): Drift[] {
  const lacking = new Map(unmet.map(({ need, reason }) => [need, reason]));
  const drift = answers.flatMap((answer): Drift[] => {
    if (answer.answer === 'given-up') return [{ says: `The probes could not be made: ${answer.problem}` }];
    if (answer.answer === 'begin') return [];
    const { need, call, problem } = answer;
    const declared = lacking.get(need);
    if (declared !== undefined && problem === undefined) {
      return [{ need, says: `Declared without ${need} (${declared}), but ${call} works` }];
    }
    if (declared === undefined && problem !== undefined) {
      return [{ need, says: `Declared with ${need}, but ${call}: ${problem}` }];
    }
    return [];
  });
  return ended ? drift : [...drift, stopped(answers)];
}

function stopped(answers: readonly ProbeAnswer[]): Drift {
  const last = answers.at(-1);
  if (last?.answer !== 'begin') return { says: 'The probes did not come to their end' };
  return { need: last.need, says: `${last.call} did not answer when ${last.need} was probed` };
}
