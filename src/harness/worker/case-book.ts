import type { CaseResult } from '../../report/model.js';
import type { WorkerEvent } from '../api/protocol.js';

type Announced = Extract<WorkerEvent, { event: 'group' }>['cases'][number] & { readonly group: string };

/** How a case can end that did not tell its end itself. */
type OutsideState = 'failed' | 'hung' | 'broken';

/** The case that a worker is in. */
export interface RunningCase {
  readonly id: string;
  readonly timeoutMs: number;
  readonly callTimeoutMs: number;
  readonly startedAtMs: number;
}

/**
 * What is known of the cases of one suite: announced, running, ended. It sees to it that each announced case ends with
 * exactly one result. Pure: times are handed in.
 */
export class CaseBook {
  private readonly announced = new Map<string, Announced>();
  private readonly results = new Map<string, CaseResult>();
  private current: RunningCase | undefined;

  apply(event: WorkerEvent, nowMs: number): void {
    switch (event.event) {
      case 'group':
        for (const entry of event.cases) this.announced.set(entry.id, { ...entry, group: event.group });
        return;
      case 'unloadable':
        this.addUnloadable(event.file, event.message);
        return;
      case 'case-start':
        this.current = {
          id: event.id,
          timeoutMs: this.announced.get(event.id)?.timeoutMs ?? 0,
          callTimeoutMs: this.announced.get(event.id)?.callTimeoutMs ?? Infinity,
          startedAtMs: nowMs,
        };
        return;
      case 'case-end':
        if (this.current?.id === event.result.id) this.current = undefined;
        this.add(event.result);
        return;
    }
  }

  get running(): RunningCase | undefined {
    return this.current;
  }

  get announcedCount(): number {
    return this.announced.size;
  }

  /** Ids with a result: what a next worker leaves out. */
  get done(): readonly string[] {
    return [...this.results.keys()];
  }

  get pending(): readonly string[] {
    return [...this.announced.keys()].filter((id) => !this.results.has(id));
  }

  /** Cases that ended as `hung`, by the worker's own clock or by the runner's. */
  get hungCount(): number {
    return this.all().filter((result) => result.state === 'hung').length;
  }

  /** Ends the running case from outside, because its worker can not: it hangs or is dead. */
  endRunning(state: OutsideState, reason: string, nowMs: number): void {
    const { current } = this;
    if (current === undefined) return;
    this.current = undefined;
    this.endFromOutside(current.id, state, reason, nowMs - current.startedAtMs);
  }

  /** Ends every case that has no result yet. */
  endPending(reason: string): void {
    for (const id of this.pending) this.endFromOutside(id, 'broken', reason, 0);
  }

  /** A fault of the suite itself, such as a file that can not be loaded: counts as a case, so that it can not hide. */
  addBroken(group: string, id: string, reason: string): void {
    if (this.results.has(id)) return;
    this.add({
      id,
      says: 'the suite can be loaded and run',
      group,
      operations: [],
      state: 'broken',
      reason,
      elapsedMs: 0,
      seed: 0,
    });
  }

  /** A file of the suite that could not be loaded. */
  addUnloadable(file: string, message: string): void {
    const group = file.replace(/\.suite\.js$/, '');
    this.addBroken(group, `${group}/load`, `The file ${file} could not be run: ${firstLines(message)}`);
  }

  /** All results in the order in which they came. */
  all(): readonly CaseResult[] {
    return [...this.results.values()];
  }

  /** The first result of a case stands: a late one of a worker that was given up changes nothing. */
  private add(result: CaseResult): void {
    if (!this.results.has(result.id)) this.results.set(result.id, result);
  }

  private endFromOutside(id: string, state: OutsideState, reason: string, elapsedMs: number): void {
    const announced = this.announced.get(id);
    this.add({
      id,
      says: announced?.says ?? '',
      group: announced?.group ?? '',
      operations: [...(announced?.operations ?? [])],
      state,
      reason,
      elapsedMs,
      seed: announced?.seed ?? 0,
    });
  }
}

/** Enough of an output to see the cause in a report. */
export function firstLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, 6)
    .join(' | ')
    .slice(0, 800);
}
