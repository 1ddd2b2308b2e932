import { closest } from 'fastest-levenshtein';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { z } from 'zod';
import { Failure, usageError } from '../errors/failure.js';
import { CONFIG_KEYS, type ConfigKey } from './keys.js';
import { configSchema, type Config } from './schema.js';
import { AWS_VARIABLES, DEFAULT_FILE, switchFromText } from './variables.js';

/** Where a value came from. */
export type Origin =
  | { readonly kind: 'flag'; readonly name: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'default' };

export interface ConfigValue {
  readonly key: ConfigKey;
  readonly value: unknown;
  readonly origin: Origin;
}

export interface ResolvedConfig {
  readonly config: Config;
  /** Every key with its value and origin, in the order of the schema. */
  readonly values: readonly ConfigValue[];
}

export interface ConfigSources {
  /** The file named by `--config`; it must exist. */
  readonly file?: string;
  /** Given flags by key path: `{ 's3.endpoint': 'http://...' }`; `undefined` values do not count. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** @defaultValue `process.env` */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

interface Given {
  readonly value: unknown;
  readonly origin: Origin;
}

/**
 * Resolves the configuration: flag > `OBJECTFS_*` > file > `AWS_*` > default.
 *
 * @throws Failure `usage` for an unknown key (naming the nearest), a wrong value, or a file that can not be read.
 */
export function loadConfig(sources: ConfigSources = {}): ResolvedConfig {
  const environment = sources.environment ?? process.env;
  refuseUnknownVariables(environment);
  const fromFile = readFileValues(sources.file ?? environment['OBJECTFS_CONFIG']);
  const given = new Map<string, Given>();
  for (const key of CONFIG_KEYS) {
    const found =
      fromFlags(key, sources.flags ?? {}) ??
      fromVariables(key, [key.variable], environment) ??
      fromFile.get(key.path) ??
      fromVariables(key, AWS_VARIABLES[key.path] ?? [], environment);
    if (found !== undefined) given.set(key.path, found);
  }
  const config = validate(given);
  return { config, values: CONFIG_KEYS.map((key) => describe(key, config, given)) };
}

function fromFlags(key: ConfigKey, flags: Readonly<Record<string, unknown>>): Given | undefined {
  const value = flags[key.path];
  if (value === undefined) return undefined;
  return { value, origin: { kind: 'flag', name: key.path } };
}

function fromVariables(
  key: ConfigKey,
  names: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Given | undefined {
  for (const name of names) {
    const text = environment[name];
    if (text === undefined || text === '') continue;
    return { value: fromText(key, text), origin: { kind: 'environment', name } };
  }
  return undefined;
}

/** Text that fits no switch or number stays text, so that the schema names it in its message. */
function fromText(key: ConfigKey, text: string): unknown {
  if (key.shape === 'switch') {
    const value = switchFromText(text);
    if (value !== undefined) return value;
  }
  if (key.shape === 'whole-number' && /^\d+$/.test(text)) return Number(text);
  return text;
}

function refuseUnknownVariables(environment: Readonly<Record<string, string | undefined>>): void {
  const known = CONFIG_KEYS.map((key) => key.variable);
  const prefixes = [...new Set(CONFIG_KEYS.map((key) => `OBJECTFS_${key.section.toUpperCase()}_`))];
  for (const name of Object.keys(environment)) {
    if (!prefixes.some((prefix) => name.startsWith(prefix)) || known.includes(name)) continue;
    throw usageError(
      `The environment variable ${name} is no setting`,
      `Did you mean ${closest(name, known)}?`,
      name,
    );
  }
}

function readFileValues(named: string | undefined): Map<string, Given> {
  const path = named ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  if (path === undefined) return new Map();
  const document: unknown = parseFile(path);
  if (document === null || document === undefined) return new Map();
  const values = new Map<string, Given>();
  for (const [section, content] of entriesOf(document, path, path)) {
    if (!(section in configSchema.shape)) {
      throw unknownKey(path, section, Object.keys(configSchema.shape));
    }
    for (const [name, value] of entriesOf(content, `${section} in ${path}`, path)) {
      const keyPath = `${section}.${name}`;
      const known = CONFIG_KEYS.filter((key) => key.section === section).map((key) => key.path);
      if (!known.includes(keyPath)) throw unknownKey(path, keyPath, known);
      values.set(keyPath, { value, origin: { kind: 'file', path } });
    }
  }
  return values;
}

function parseFile(path: string): unknown {
  try {
    const text = readFileSync(path, 'utf8');
    // Most commands have no file and need not wait for it. The type of what is required is that of its import.
    const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
    return parse(text);
  } catch (reason) {
    const detail = reason instanceof Error ? (reason.message.split('\n')[0] ?? '') : String(reason);
    throw new Failure('usage', `The configuration file ${path} can not be read: ${detail}`, {
      subject: path,
      remedy: 'Name a readable YAML file with --config',
      cause: reason,
    });
  }
}

function entriesOf(value: unknown, what: string, path: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw usageError(
    `${what} must hold keys and values`,
    'See docs/configuration.md for the layout of the file',
    path,
  );
}

function unknownKey(path: string, key: string, known: readonly string[]): Failure {
  return usageError(`${path}: "${key}" is no setting`, `Did you mean ${closest(key, [...known])}?`, key);
}

function validate(given: ReadonlyMap<string, Given>): Config {
  const nested: Record<string, Record<string, unknown>> = {};
  for (const key of CONFIG_KEYS) {
    const found = given.get(key.path);
    if (found !== undefined) (nested[key.section] ??= {})[key.name] = found.value;
  }
  const parsed = configSchema.safeParse(nested);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join('.') ?? '';
    throw usageError(
      `${originName(path, given)}: ${issue === undefined ? 'wrong value' : plainMessage(issue)}`,
      'See docs/configuration.md',
      path,
    );
  }
  const { accessKeyId, secretAccessKey } = parsed.data.s3;
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw usageError(
      's3.accessKeyId and s3.secretAccessKey belong together, and only one of them is set',
      'Set both, or neither to use the credential chain of the AWS SDK',
    );
  }
  return parsed.data;
}

/** Of a value that may be written in several ways, what is wrong with the last: the text that a person wrote. */
function plainMessage(issue: z.core.$ZodIssue): string {
  const inner = issue.code === 'invalid_union' ? issue.errors.at(-1)?.[0] : undefined;
  return inner?.message ?? issue.message;
}

function originName(path: string, given: ReadonlyMap<string, Given>): string {
  // What is wrong may lie inside of a list.
  const origin = given.get(path.split('.').slice(0, 2).join('.'))?.origin;
  if (origin?.kind === 'environment') return `${origin.name} (${path})`;
  if (origin?.kind === 'file') return `${path} in ${origin.path}`;
  return path;
}

function describe(key: ConfigKey, config: Config, given: ReadonlyMap<string, Given>): ConfigValue {
  const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = config;
  const value = sections[key.section]?.[key.name];
  return { key, value, origin: given.get(key.path)?.origin ?? { kind: 'default' } };
}
