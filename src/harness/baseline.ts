import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../config/paths.js';
import { Failure } from '../errors/failure.js';
import type { CaseResult, CaseState, SuiteResult } from '../report/model.js';

/** What is known to go wrong, and why. */
const knownSchema = z.strictObject({
  id: z.string(),
  state: z.enum(['failed', 'hung']),
  /** What the case said when it was noted down, or a better explanation by hand; kept by an update. */
  reason: z.string(),
  /** Where the target's authors know of it. */
  issue: z.url().optional(),
});

const suiteBaselineSchema = z.strictObject({ passed: z.array(z.string()), known: z.array(knownSchema) });

/** The known results of one version of one target; ids sorted, so that a change is a line in a diff. */
export const baselineSchema = z.strictObject({
  schemaVersion: z.literal(1),
  target: z.string(),
  version: z.string(),
  suites: z.record(z.string(), suiteBaselineSchema),
});
export type Baseline = z.infer<typeof baselineSchema>;
type SuiteBaseline = z.infer<typeof suiteBaselineSchema>;

/** Those of this package; `--baselines` names another folder. */
export const DEFAULT_BASELINES = join(packageRoot, 'baselines');

/** `baselines/rclone-full-1.60.1.json`. */
export function baselinePath(folder: string, target: string, version: string): string {
  return join(folder, `${target}-${version}.json`.replace(/[^\w.-]+/g, '-'));
}

/**
 * The known results of exactly this version.
 *
 * @returns `undefined` where nothing is noted down.
 * @throws Failure `usage` for a file that is no baseline.
 */
export async function readBaseline(
  folder: string,
  target: string,
  version: string,
): Promise<Baseline | undefined> {
  const path = baselinePath(folder, target, version);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (reason) {
    if (isMissing(reason)) return undefined;
    throw reason;
  }
  try {
    return baselineSchema.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : Failure.from(cause).message;
    throw new Failure('usage', `${path} is no baseline: ${why}`, {
      subject: path,
      remedy: 'Mend it, or make it anew with --update-baseline',
      cause,
    });
  }
}

function isMissing(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && 'code' in reason && reason.code === 'ENOENT';
}

/**
 * The results of a suite against what is known: a known failure is an `expected-failure`, one that passes now is an
 * `unexpected-pass`, and a case that passed before must pass, or be skipped by what this machine lacks.
 *
 * @param leftOut - Ids of cases that the run was told not to take: they have not vanished.
 */
export function applyBaseline(
  result: SuiteResult,
  baseline: Baseline,
  leftOut: ReadonlySet<string> = new Set(),
): SuiteResult {
  const known = baseline.suites[result.suite];
  if (known === undefined || result.control) return result;
  const cases = result.cases.map((entry) => judgeCase(entry, known));
  const present = new Set(result.cases.map(({ id }) => id));
  const vanished = [...known.passed, ...known.known.map(({ id }) => id)].filter(
    (id) => !present.has(id) && !leftOut.has(id.replace(/\/clean-up$/, '')),
  );
  return { ...result, cases: [...cases, ...vanished.map(vanishedCase)] };
}

function judgeCase(result: CaseResult, { passed, known }: SuiteBaseline): CaseResult {
  const entry = known.find(({ id }) => id === result.id);
  if (entry !== undefined && result.state === entry.state) {
    const issue = entry.issue === undefined ? '' : ` (${entry.issue})`;
    return { ...result, state: 'expected-failure', reason: `${entry.reason}${issue}` };
  }
  if (entry !== undefined && result.state === 'passed') {
    const reason = `Known to fail (${entry.reason}), and passes now: update the baseline`;
    return { ...result, state: 'unexpected-pass', reason };
  }
  if (result.state === 'unsupported' && passed.includes(result.id)) {
    return { ...result, state: 'failed', reason: `It passed before. ${result.reason ?? ''}`.trim() };
  }
  return result;
}

function vanishedCase(id: string): CaseResult {
  return {
    id,
    says: 'The case is in the baseline',
    group: id.split('/')[0] ?? id,
    operations: [],
    state: 'broken',
    reason: 'The case is in the baseline, but the suite has it no more',
    elapsedMs: 0,
    seed: 0,
  };
}

/** The first case of which a run tells nothing: its suite can not become known. */
export function brokenCase({ cases }: SuiteResult): CaseResult | undefined {
  return cases.find(({ state }) => state === 'broken');
}

/**
 * A baseline with these results in place of what it had for their suites, but for suites with a {@link brokenCase}.
 * Explanations that were there stay.
 */
export function updatedBaseline(
  before: Baseline | undefined,
  target: { readonly name: string; readonly version: string },
  results: readonly SuiteResult[],
): Baseline {
  const suites: Record<string, SuiteBaseline> = { ...before?.suites };
  for (const result of results) {
    if (result.control || brokenCase(result) !== undefined) continue;
    suites[result.suite] = suiteBaseline(suites[result.suite], result.cases);
  }
  const sorted = Object.entries(suites).sort(([a], [b]) => compare(a, b));
  return {
    schemaVersion: 1,
    target: target.name,
    version: target.version,
    suites: Object.fromEntries(sorted),
  };
}

function suiteBaseline(before: SuiteBaseline | undefined, cases: readonly CaseResult[]): SuiteBaseline {
  const inOrder = [...cases].sort((a, b) => compare(a.id, b.id));
  const isFailure = (state: CaseState) => state === 'failed' || state === 'hung';
  return {
    passed: inOrder.filter(({ state }) => state === 'passed').map(({ id }) => id),
    known: inOrder.flatMap((result) => {
      const { id, state } = result;
      if (!isFailure(state)) return [];
      const old = before?.known.find((entry) => entry.id === id);
      const reason = old?.reason ?? stableReason(result.reason ?? 'No reason was given');
      const issue = old?.issue === undefined ? {} : { issue: old.issue };
      return [{ id, state: state === 'hung' ? 'hung' : 'failed', reason, ...issue } as const];
    }),
  };
}

const MOST_REASON = 200;

/** Its first line without what differs from run to run: folders, run ids, long numbers. */
function stableReason(reason: string): string {
  return (reason.split('\n')[0] ?? '')
    .replace(/(\/[\w.-]+)*\/objectfs-[\w-]*\d{8}t\d{6}-[0-9a-f]{6}[\w./-]*/g, 'PATH')
    .replace(/\b\d{8}t\d{6}-[0-9a-f]{6}\b/g, 'RUN')
    .replace(/\d{9,}/g, 'N')
    .slice(0, MOST_REASON);
}

/** Writes it whole or not at all. @returns Its path. */
export async function writeBaseline(folder: string, baseline: Baseline): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = baselinePath(folder, baseline.target, baseline.version);
  await writeFile(`${path}.new`, `${JSON.stringify(baseline, undefined, 2)}\n`);
  await rename(`${path}.new`, path);
  return path;
}

/** By code units: the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
