import type { CaseResult } from '../../report/model.js';
import type { ExternalWish } from './wish.js';

export interface ExternalCase {
  readonly id: string;
  readonly group: string;
  /** A sentence that is true where it passes. */
  readonly says: string;
}

/** How a program ended. */
export interface ProgramEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** It was ended because it wrote too much. */
  readonly isMaxBuffer: boolean;
}

export type Outcome = Pick<CaseResult, 'state' | 'reason' | 'checks' | 'note'>;

/** What is started once, in a fresh directory of the target as its working directory. */
export interface ExternalProgram {
  /** What it tells results of; at least one. */
  readonly cases: readonly ExternalCase[];
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Absent where it uses none. */
  readonly seed?: number;
  /** What its end says of one of its cases. */
  judge(end: ProgramEnd, id: string): Outcome;
}

/** Lays out the programs of a kind. @throws Failure `usage` where what is needed is not there. */
export type FindPrograms = (wish: ExternalWish, seed: number) => Promise<readonly ExternalProgram[]>;

/** `exit code 2`, `SIGSEGV`. */
export function howEnded({ exitCode, signal, isMaxBuffer }: ProgramEnd): string {
  if (isMaxBuffer) return 'It wrote too much and was ended';
  return `It ended with ${signal ?? `exit code ${exitCode ?? 'unknown'}`}`;
}

/** The last lines that say something. */
export function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n');
}

/** Those that are there, one a line. */
export function joinLines(...lines: readonly (string | undefined)[]): string {
  return lines.filter((line) => line !== undefined && line !== '').join('\n');
}
