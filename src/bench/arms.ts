import { closest } from 'fastest-levenshtein';
import { usageError } from '../errors/failure.js';
import { CONGESTION_CONTROLS, type CongestionName } from '../transfer/congestion/choose.js';

/** Our own code, in a process that has loaded it before the clock starts. */
export const TRANSPORTER_ARMS = ['plain', 'sdk', 'optimized'] as const;
export type TransporterArm = (typeof TRANSPORTER_ARMS)[number];

/** `optimized` with this in place of the configured `transfer.congestion`. */
export type ControllerArm = CongestionName;

/** Programs, whose start lies inside the timed part. `objectfs-cp` is this package's own, started like the others. */
export const PROGRAM_ARMS = ['objectfs-cp', 'rclone', 's3cmd', 'aws', 's5cmd'] as const;
export type ProgramArm = (typeof PROGRAM_ARMS)[number];

export type ComparedArm = TransporterArm | ControllerArm | ProgramArm;

/** One of the runs of a block. `plain-again` is the same code as `plain`: the A/A control of the baseline. */
export type ArmName = ComparedArm | `${ComparedArm}-again`;

/** What is measured where nobody chose. */
export const DEFAULT_ARMS: readonly ComparedArm[] = TRANSPORTER_ARMS;

/**
 * The arms of `plain,optimized,rclone`; the first is the baseline.
 *
 * @throws Failure `usage` for an unknown arm (naming the nearest), one that is named twice, or fewer than two.
 */
export function parseArms(text: string): ComparedArm[] {
  const known: readonly ComparedArm[] = [...TRANSPORTER_ARMS, ...CONGESTION_CONTROLS, ...PROGRAM_ARMS];
  const arms = text.split(',').map((word) => {
    const name = word.trim();
    const arm = known.find((candidate) => candidate === name);
    if (arm !== undefined) return arm;
    throw usageError(
      `There is no arm "${name}"`,
      `Did you mean "${closest(name, [...known])}"? Arms: ${known.join(', ')}`,
      name,
    );
  });
  const twice = arms.find((arm, index) => arms.indexOf(arm) !== index);
  if (twice !== undefined) {
    throw usageError(`The arm "${twice}" is named twice`, 'Its second run, the A/A control, comes by itself');
  }
  if (arms.length < 2) throw usageError('One arm is no comparison', 'Name two or more: --arms plain,rclone');
  return arms;
}

/** What is run in each block: the arms, and the baseline once more. */
export function runsOf(arms: readonly ComparedArm[]): ArmName[] {
  return [...arms, ...arms.slice(0, 1).map(againOf)];
}

/** The second run of an arm. */
export function againOf(arm: ComparedArm): `${ComparedArm}-again` {
  return `${arm}-again`;
}

/** Whose code a run is. */
export function armOf(run: ArmName): ComparedArm {
  return run.replace(/-again$/, '') as ComparedArm; // the type of ArmName says so
}

export function isProgram(arm: ComparedArm): arm is ProgramArm {
  return PROGRAM_ARMS.some((program) => program === arm);
}

export function isController(arm: ComparedArm): arm is ControllerArm {
  return CONGESTION_CONTROLS.some((control) => control === arm);
}

/**
 * Who is compared with whom: each arm with the baseline, `optimized` with all, `objectfs-cp` with other programs,
 * controllers with each other.
 */
export function pairsOf(arms: readonly ComparedArm[]): { arm: ComparedArm; baseline: ComparedArm }[] {
  const [first, ...rest] = arms;
  if (first === undefined) return [];
  const others = [...rest.filter(isOurs), ...rest.filter((arm) => !isOurs(arm))];
  const rivals = others.filter((arm) => !isOurs(arm));
  return [
    ...others.map((arm) => ({ arm, baseline: first })),
    ...others
      .filter(isOurs)
      .flatMap((arm) =>
        (arm === 'objectfs-cp' ? rivals.filter(isProgram) : rivals).map((baseline) => ({ arm, baseline })),
      ),
    ...pairsOfControllers(others.filter(isController)),
  ];
}

/** Each with those before it. */
function pairsOfControllers(arms: readonly ControllerArm[]): { arm: ComparedArm; baseline: ComparedArm }[] {
  return arms.flatMap((arm, index) => arms.slice(0, index).map((baseline) => ({ arm, baseline })));
}

function isOurs(arm: ComparedArm): boolean {
  return arm === 'optimized' || arm === 'objectfs-cp';
}
