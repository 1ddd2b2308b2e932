import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { usageError } from '../errors/failure.js';
import { runReportSchema, SCHEMA_VERSION, type RunReport } from './model.js';

/** Enough of any version to say which one it is. */
const versionSchema = z.looseObject({ schemaVersion: z.number() });

/**
 * Reads `results.json` of a run's folder, or that file itself.
 *
 * @throws Failure `usage` where it is missing, is no report, or has a version that this program does not know.
 */
export async function readRun(path: string): Promise<RunReport> {
  const file = path.endsWith('.json') ? path : join(path, 'results.json');
  const remedy = 'Give the folder of a run: one that holds results.json';
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw usageError(`There is no report at ${file}`, remedy, file);
  const content = parseJson(text);
  const version = versionSchema.safeParse(content);
  if (!version.success) throw usageError(`${file} is not a report of this program`, remedy, file);
  if (version.data.schemaVersion !== SCHEMA_VERSION) {
    throw usageError(
      `${file} has version ${version.data.schemaVersion}, this program reads ${SCHEMA_VERSION}`,
      'Render it with the program that wrote it',
      file,
    );
  }
  const parsed = runReportSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? 'the top' : issue.path.join('.');
  throw usageError(`${file} is damaged: ${issue?.message ?? 'unreadable'} at ${place}`, remedy, file);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
