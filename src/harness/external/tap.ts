/** What a TAP program said, as one case. */
export interface TapVerdict {
  readonly state: 'passed' | 'failed' | 'skipped';
  /** Test points that were run: those marked SKIP are not among them. */
  readonly checks: number;
  readonly reason?: string;
}

interface TapReading {
  readonly problems: string[];
  plan?: { readonly count: number; readonly skip?: string };
  points: number;
  skipped: number;
  skipReason?: string;
}

const POINT = /^(not )?ok\b(?:\s+(\d+))?\s*(.*)$/;
const PLAN = /^1\.\.(\d+)\s*(?:#\s*(?:skip\S*\s*)?(.*))?$/i;
const DIRECTIVE = /(?<!\\)#\s*(todo|skip)\S*\s*(.*)$/i;

/**
 * Reads the output of one program by TAP 12 and 13 (testanything.org). Indented lines (YAML blocks, subtests), comments
 * and anything else say nothing. Passed only where the plan is kept and no point failed; `not ok` marked TODO is no
 * failure; nothing but SKIP is skipped.
 */
export function readTap(output: string): TapVerdict {
  const reading: TapReading = { problems: [], points: 0, skipped: 0 };
  for (const line of output.split(/\r?\n/)) {
    if (!readLine(reading, line)) break;
  }
  checkPlan(reading);
  const { problems, points, skipped, skipReason } = reading;
  const checks = points - skipped;
  if (problems.length > 0) return { state: 'failed', checks, reason: problems.join('\n') };
  if (checks === 0)
    return { state: 'skipped', checks, reason: skipReason ?? 'it skipped each of its points' };
  return { state: 'passed', checks };
}

/** @returns `false` after a bail-out: nothing counts after it. */
function readLine(reading: TapReading, line: string): boolean {
  if (line.startsWith('Bail out!')) {
    reading.problems.push(line);
    return false;
  }
  const version = /^TAP version (\d+)/.exec(line)?.[1];
  if (version !== undefined && version !== '12' && version !== '13') {
    reading.problems.push(`TAP version ${version} is not known here, only 12 and 13`);
  }
  const plan = PLAN.exec(line);
  if (plan !== null) readPlan(reading, Number(plan[1]), plan[2]);
  const point = POINT.exec(line);
  if (point !== null) readPoint(reading, point, line);
  return true;
}

function readPlan(reading: TapReading, count: number, skip: string | undefined): void {
  if (reading.plan !== undefined) reading.problems.push('There is more than one plan');
  reading.plan = { count, ...(skip === undefined ? {} : { skip }) };
}

function readPoint(reading: TapReading, point: RegExpExecArray, line: string): void {
  const [, not, number, text = ''] = point;
  reading.points += 1;
  if (number !== undefined && Number(number) !== reading.points) {
    reading.problems.push(`Point ${number} came where ${reading.points} was due`);
  }
  const [, directive, why] = DIRECTIVE.exec(text) ?? [];
  const kind = directive?.toLowerCase();
  if (kind === 'skip') {
    reading.skipped += 1;
    if (why !== undefined && why !== '') reading.skipReason ??= why;
  }
  if (not !== undefined && kind !== 'todo') reading.problems.push(line);
}

function checkPlan(reading: TapReading): void {
  const { plan, points, problems } = reading;
  if (plan === undefined) problems.push(`There is no plan, after ${points} points`);
  else if (plan.count !== points) problems.push(`The plan was ${plan.count} points, and ${points} came`);
  else if (plan.skip !== undefined && plan.skip !== '') reading.skipReason ??= plan.skip;
}
