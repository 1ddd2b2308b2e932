/**
 * Checks what prose can get wrong: links between files and to headings, the list of dependencies, and commands in
 * shell blocks that the command line does not know. Prints one line per fault and exits with 1.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { compiledModule, packageRoot } from '../src/config/paths.js';
import { catalogOf } from '../src/harness/case-catalog.js';
import { availableSuites } from '../src/harness/find-suites.js';

interface Page {
  readonly path: string;
  readonly text: string;
}

const helpTexts = new Map<string, string | undefined>();
const pages = listPages();
const known = await knownCases();
const faults = [
  ...pages.flatMap(brokenLinks),
  ...dependencyFaults(),
  ...pages.flatMap(unknownCommands),
  ...pages.flatMap(unknownNames),
];
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(`check-docs: ${pages.length} pages, ${faults.length} faults\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

function listPages(): readonly Page[] {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  return files
    .split('\n')
    .filter((file) => file !== '' && !file.startsWith('fixtures/files/'))
    .map((file) => join(packageRoot, file))
    .filter((path) => existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

function brokenLinks({ path, text }: Page): readonly string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return targets
    .filter((target) => !/^[a-z]+:/i.test(target))
    .filter((target) => !resolves(path, target))
    .map((target) => `${relative(packageRoot, path)}: the link ${target} leads nowhere`);
}

function resolves(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(path)) return false;
  return anchor === undefined || anchorsOf(readFileSync(path, 'utf8')).includes(anchor);
}

/** Heading anchors as GitHub makes them. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+\s+(.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

function dependencyFaults(): readonly string[] {
  const { dependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>; // our own file
  };
  const page = readFileSync(join(packageRoot, 'docs/dependencies.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `([^`]+)`\s*\|/gm)].map((match) => match[1] ?? '');
  return [
    ...Object.keys(dependencies)
      .filter((name) => !listed.includes(name))
      .map((name) => `docs/dependencies.md: ${name} has no line of reason`),
    ...listed
      .filter((name) => !(name in dependencies))
      .map((name) => `docs/dependencies.md: ${name} is no dependency`),
  ];
}

async function knownCases(): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const suite of await availableSuites())
    for (const { id } of (await catalogOf(suite)).cases) ids.add(`${suite}:${id}`);
  return ids;
}

/** Cases (`posix:rename/*`) and source files that prose names in code spans. */
function unknownNames({ path, text }: Page): readonly string[] {
  const spans = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/`([^`\s]+)`/g)].map(
    (match) => match[1] ?? '',
  );
  return spans
    .filter((span) => (span.startsWith('src/') ? isMissingFile(span) : isUnknownCase(span)))
    .map((span) => `${relative(packageRoot, path)}: there is no ${span}`);
}

function isMissingFile(span: string): boolean {
  return /\.ts$/.test(span) && !span.includes('*') && !existsSync(join(packageRoot, span));
}

function isUnknownCase(span: string): boolean {
  const suites = new Set([...known].map((id) => id.slice(0, id.indexOf(':'))));
  const [, suite = '', pattern] = /^([a-z]+):([a-z][\w-]*\/[\w*-]+)$/.exec(span) ?? [];
  if (pattern === undefined || !suites.has(suite)) return false;
  const wanted = new RegExp(`^${span.replaceAll('*', '.*')}$`);
  return ![...known].some((id) => wanted.test(id));
}

function unknownCommands({ path, text }: Page): readonly string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  const lines = blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'));
  return lines
    .map((line) => line.replace(/\s#.*$/, ''))
    .flatMap((line) => faultsOfLine(line))
    .map((fault) => `${relative(packageRoot, path)}: ${fault}`);
}

function faultsOfLine(line: string): readonly string[] {
  const called = /(?:^|[\s(])(?:npx )?objectfs ([a-z]+)(.*)$/.exec(line) ?? npmScript(line);
  if (called === null) return [];
  const [, command = '', rest = ''] = called;
  const help = helpOf(command);
  if (help === undefined) return [`"${line.trim()}": there is no command ${command}`];
  const flags = [...rest.matchAll(/\s(--[a-z][a-z-]*)/g)].map((match) => match[1] ?? '');
  return flags
    .filter((flag) => !help.includes(flag))
    .map((flag) => `"${line.trim()}": ${command} takes no ${flag}`);
}

/** `npm run bench -- --region x` as the command it stands for. */
function npmScript(line: string): RegExpExecArray | null {
  return /npm run (bench|suite)(.*)$/.exec(line);
}

function helpOf(command: string): string | undefined {
  if (!helpTexts.has(command)) helpTexts.set(command, readHelp(command));
  return helpTexts.get(command);
}

function readHelp(command: string): string | undefined {
  const main = compiledModule('src/cli/main.js');
  const text = execFileSync(process.execPath, [main, command, '--help'], { encoding: 'utf8' });
  return text.startsWith(`objectfs ${command}`) ? text : undefined;
}
