import { execa } from 'execa';
import { usageError } from '../../errors/failure.js';
import { locateProgram } from './locate.js';
import {
  howEnded,
  joinLines,
  lastLines,
  type ExternalProgram,
  type Outcome,
  type ProgramEnd,
} from './program.js';
import type { ExternalWish } from './wish.js';

const WANTED = { names: ['stress-ng'], remedy: 'Install it (Debian: apt-get install stress-ng)' };
const ASK_LIMIT_MS = 10_000;

/** Of a stressor, beside its own clean-up. */
const STRESSOR_SECONDS = 3;

/** With a count of operations: one that does not get there says so, and the mount is not taken for hung. */
const OPERATIONS_SECONDS = 60;

/** Of its class `filesystem`, what works on other things than files below its folder: says nothing of a target. */
const NOT_ON_FILES: ReadonlySet<string> = new Set([
  'bind-mount',
  'binderfs',
  'dup',
  'eventfd',
  'fanotify',
  'handle',
  'ioprio',
  'procfs',
]);

/** Of other classes, what works on files below its folder. */
const ALSO_ON_FILES: readonly string[] = [
  'aio',
  'fault',
  'fifo',
  'msync',
  'readahead',
  'revio',
  'seek',
  'sendfile',
];

/** Their own sizes are up to 1 GiB, which takes minutes to upload. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  fallocate: ['--fallocate-bytes', '16m'],
  fstat: ['--fstat-dir', '.'],
  hdd: ['--hdd-bytes', '16m'],
  iomix: ['--iomix-bytes', '16m'],
  readahead: ['--readahead-bytes', '16m'],
  revio: ['--revio-bytes', '16m'],
  'sync-file': ['--sync-file-bytes', '16m'],
};

/** Each file system stressor that the program has is one case. */
export async function stressPrograms(
  { path, operations }: ExternalWish,
  seed: number,
): Promise<readonly ExternalProgram[]> {
  const program = await locateProgram(path, WANTED);
  const stressors = await stressorsOf(program);
  return stressors.map((name) => {
    const amount =
      operations === undefined
        ? ['--timeout', `${STRESSOR_SECONDS}`]
        : [`--${name}-ops`, `${operations}`, '--timeout', `${OPERATIONS_SECONDS}`];
    const verify = ['--verify', '--metrics-brief', '--seed', `${seed}`, '--temp-path', '.'];
    return {
      cases: [
        { id: `stress-ng/${name}`, group: 'stress-ng', says: `the stressor ${name} finds nothing wrong` },
      ],
      command: [program, `--${name}`, '1', ...(OPTIONS[name] ?? []), ...amount, ...verify],
      seed,
      judge: (end) => judgeStressor(end, name),
    };
  });
}

async function stressorsOf(program: string): Promise<readonly string[]> {
  const all = await ask(program, ['--stressors']);
  const files = await ask(program, ['--class', 'filesystem?']);
  const wanted = [...files.filter((name) => !NOT_ON_FILES.has(name)), ...ALSO_ON_FILES];
  const names = [...new Set(wanted)].filter((name) => all.includes(name)).sort();
  if (names.length > 0) return names;
  throw usageError(`${program} names no file system stressors`, WANTED.remedy, program);
}

/** Names in one line; that of a class stands behind a colon. */
async function ask(program: string, words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await execa(program, [...words], {
    reject: false,
    timeout: ASK_LIMIT_MS,
    stdin: 'ignore',
    cleanup: false, // its listeners would end this process at the first signal
  });
  const lines = stdout.split('\n').map((line) => line.replace(/^.*stressors:/, ''));
  return lines
    .join(' ')
    .split(/\s+/)
    .filter((word) => /^[a-z][a-z0-9-]*$/.test(word));
}

/** Exit codes of stress-ng(1): for lack of resources, or not implemented on this system. */
const NOT_POSSIBLE: readonly (number | undefined)[] = [3, 4];

/** It ends with 0 also where it has skipped a stressor: only counted operations are a pass. */
function judgeStressor(end: ProgramEnd, name: string): Outcome {
  const said = `${end.stdout}\n${end.stderr}`.split('\n').map(plainLine);
  const [, count = '0', perSecond = '0'] =
    said.map((line) => metricOf(line, name)).find((found) => found !== null) ?? [];
  const checks = Number(count);
  if (end.exitCode === 0 && checks > 0) {
    return { state: 'passed', checks, note: `${count} bogo operations, ${perSecond} a second` };
  }
  const skipped = said.filter((line) => /\bskipp(ing|ed)\b/.test(line));
  if (end.exitCode === 0 || NOT_POSSIBLE.includes(end.exitCode)) {
    const reason = joinLines(...(skipped.length > 0 ? skipped : ['It did no operation', howEnded(end)]));
    return { state: 'skipped', checks: 0, reason };
  }
  const wrong = said.filter((line) => /^(fail|error|fatal):/.test(line)).slice(0, 8);
  const last = wrong.length > 0 ? undefined : lastLines(end.stderr, 5);
  return { state: 'failed', checks, reason: joinLines(...wrong, last, howEnded(end)) };
}

/** Without the number of its process: `fail: rename: ...`. */
function plainLine(line: string): string {
  return line.replace(/^stress-ng: (\w+):\s+\[\d+\]\s+/, '$1: ').trimEnd();
}

/** Name, operations, and the fifth column of it, which is operations in a second of real time. */
function metricOf(line: string, name: string): RegExpExecArray | null {
  const numbers = '\\s+([\\d.]+)';
  return new RegExp(`^metrc: ${name}\\s+(\\d+)(?:\\s+[\\d.]+){3}${numbers}`).exec(line);
}
