import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../errors/failure.js';
import { isInRun, readPlan } from './plan.js';
import type { Replay } from './program.js';

/** Steps of the suite in a run that does not say otherwise: about 30 s on two cores. */
export const DEFAULT_OPERATIONS = 1_000;

/** What the suite `model` is asked to do. */
export interface ModelRequest {
  /** Steps of all its cases together. */
  readonly operations: number;
  /** Present: this program alone is run. */
  readonly replayFile: string | undefined;
  readonly target: string;
}

/**
 * Outside a run, where cases are only listed: the default.
 *
 * @throws Failure `internal` in a run without the suite `model`.
 */
export function modelRequest(): ModelRequest {
  if (!isInRun()) return { operations: DEFAULT_OPERATIONS, replayFile: undefined, target: '' };
  const { model, target } = planned();
  return { operations: model.operations, replayFile: model.replayFile, target };
}

/** Saves a replay file in the folder of the report. @returns Its path. */
export function writeReplay(name: string, replay: Omit<Replay, 'schemaVersion'>): string {
  const { replayFolder } = planned().model;
  mkdirSync(replayFolder, { recursive: true });
  const path = join(replayFolder, name);
  const { program, ...facts } = replay;
  // One step in a line: such a file is read and cut by people.
  const lines = program.map((step) => `    ${JSON.stringify(step)}`).join(',\n');
  const head = JSON.stringify({ schemaVersion: 1, ...facts, program: [] }, undefined, 2);
  writeFileSync(path, head.replace(/"program": \[\]\n\}$/, `"program": [\n${lines}\n  ]\n}\n`));
  return path;
}

export function removeReplay(name: string): void {
  rmSync(join(planned().model.replayFolder, name), { force: true });
}

function planned() {
  const { model, target } = readPlan();
  if (model === undefined) throw new Failure('internal', 'The run plan says nothing of the suite model');
  return { model, target };
}
