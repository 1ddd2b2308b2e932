import { selectCases, type ListedCase, type Selection } from '../selection.js';
import type { ChosenSuite } from '../suite-choice.js';
import { fioPrograms } from './fio.js';
import { fsxPrograms } from './fsx.js';
import type { FindPrograms } from './program.js';
import { stressPrograms } from './stress-ng.js';
import { findTapPrograms } from './tap-programs.js';
import { DEFAULT_LIMIT_MS, type ExternalKind, type ExternalWish } from './wish.js';

const FINDERS: Readonly<Record<ExternalKind, FindPrograms>> = {
  tap: findTapPrograms,
  pjdfstest: findTapPrograms,
  fsx: fsxPrograms,
  fio: fioPrograms,
  'stress-ng': stressPrograms,
};

/**
 * The programs of a wish that the selection takes, as one suite. A program with several cases is run whole for one of
 * them.
 *
 * @param seed - For programs that take one.
 *
 * @throws Failure `usage` where what is needed is not there, and for a selection of nothing.
 */
export async function chooseExternal(
  wish: ExternalWish,
  seed: number,
  selection: Selection,
): Promise<ChosenSuite> {
  const suite = `external-${wish.kind}`;
  const { limitMs = DEFAULT_LIMIT_MS } = wish;
  const programs = await FINDERS[wish.kind](wish, seed);
  const listed = programs.flatMap(({ cases }) =>
    cases.map((each): ListedCase => ({ ...each, suite, tier: 'quick', timeoutMs: limitMs })),
  );
  const only = selectCases(listed, selection).map(({ id }) => id);
  const isChosen = ({ id }: { readonly id: string }) => only.includes(id);
  const chosen = programs
    .map((program) => ({ ...program, cases: program.cases.filter(isChosen) }))
    .filter(({ cases }) => cases.length > 0);
  const leftOut = new Set(listed.map(({ id }) => id).filter((id) => !only.includes(id)));
  return { suite, only, files: only, leftOut, external: { programs: chosen, limitMs } };
}
