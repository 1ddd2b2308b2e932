import { closest } from 'fastest-levenshtein';
import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { Failure, usageError } from '../errors/failure.js';

/** Where the layouts of these files are described. */
const REMEDY = 'See docs/link-laboratory.md';

/**
 * Reads a YAML file whose layout a schema tells.
 *
 * @throws Failure `usage` where it can not be read, for an unknown key (naming the nearest) and for a wrong value.
 */
export function readDocument<T>(path: string, schema: z.ZodType<T>): T {
  let document: unknown;
  try {
    document = parseYaml(readFileSync(path, 'utf8'));
  } catch (reason) {
    const detail = reason instanceof Error ? (reason.message.split('\n')[0] ?? '') : String(reason);
    const facts = { subject: path, remedy: 'Name a readable YAML file', cause: reason };
    throw new Failure('usage', `${path} can not be read: ${detail}`, facts);
  }
  return checkDocument(document, schema, path);
}

/** As {@link readDocument}, for what is read already. */
export function checkDocument<T>(document: unknown, schema: z.ZodType<T>, path: string): T {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  // An unknown key is the cause where a known one is missing for it.
  const issues = parsed.error.issues.map(deepest);
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const nearest = closest(key, keysOf(schema));
    throw usageError(`${path}: ${place}"${key}" is no key here`, `Did you mean ${nearest}? ${REMEDY}`, key);
  }
  throw usageError(`${path}: ${place}${issue?.message ?? 'wrong layout'}`, REMEDY, path);
}

/** Of a value that may be written in several ways, what is wrong with the last. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors.at(-1)?.[0];
  return inner === undefined ? issue : deepest({ ...inner, path: [...issue.path, ...inner.path] });
}

/** All keys that a layout knows, at any depth. */
function keysOf(schema: z.ZodType): string[] {
  const keys = new Set<string>();
  const collect = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, value] of Object.entries(node)) {
      if (name === 'properties' && typeof value === 'object') {
        for (const key of Object.keys(value as object)) keys.add(key); // JSON Schema: an object of names
      }
      collect(value);
    }
  };
  collect(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return [...keys];
}
