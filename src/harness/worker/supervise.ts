import { setTimeout as delay } from 'node:timers/promises';
import { WATCHDOG_GRACE_MS } from '../api/limits.js';
import type { WorkerEvent } from '../api/protocol.js';
import { CallWatch, type WaitingCall } from './call-watch.js';
import type { CaseBook } from './case-book.js';
import type { EventTail } from './event-tail.js';
import type { JestEnd, JestProcess } from './jest-process.js';

/** How often the events are read: bounds how late a hang is seen. */
const LOOK_EVERY_MS = 50;

/** How often the calls of a worker are looked at: each look reads some files of /proc for each thread. */
const LOOK_AT_CALLS_EVERY_MS = 1_000;

/** Longest silence outside a case: loading Jest and a suite file, or removing what a case left (60 s). */
const SILENCE_LIMIT_MS = 120_000;

/** What became of one worker. */
export type WorkerEnd =
  | { readonly kind: 'ended'; readonly end: JestEnd }
  /** A case, or the worker outside of cases, passed its limit; the worker still runs. */
  | { readonly kind: 'hung'; readonly reason: string };

export interface WatchLimits {
  readonly graceMs: number;
  readonly silenceMs: number;
}

export const WATCH_LIMITS: WatchLimits = { graceMs: WATCHDOG_GRACE_MS, silenceMs: SILENCE_LIMIT_MS };

/**
 * Follows a worker to its end, or to the moment at which a case passed its limit and the grace. A hung case has its
 * result in the book when this returns.
 *
 * @param onEvent - Called after each event was booked.
 * @throws the signal's reason when it fires: the worker still runs then.
 */
export async function superviseWorker(
  worker: JestProcess,
  tail: EventTail,
  book: CaseBook,
  options: {
    readonly limits: WatchLimits;
    readonly onEvent: (event: WorkerEvent) => void;
    readonly signal: AbortSignal;
  },
): Promise<WorkerEnd> {
  let end: JestEnd | undefined;
  void worker.ended.then((value) => {
    end = value;
  });
  const hungBefore = book.hungCount;
  const calls = new CallLook(worker.pid);
  let heardAtMs = performance.now();
  for (;;) {
    options.signal.throwIfAborted();
    // Read first: what was written before the end is whole when the end was seen before the read.
    const seenEnd = currentEnd();
    if (await bookEvents(tail, book, options.onEvent)) heardAtMs = performance.now();
    if (seenEnd !== undefined) return { kind: 'ended', end: seenEnd };
    const hang = findHang(book, heardAtMs, options.limits) ?? findStuckCall(book, await calls.longest());
    if (book.hungCount > hungBefore) return { kind: 'hung', reason: hang ?? 'The case passed its limit' };
    if (hang !== undefined) return { kind: 'hung', reason: hang };
    await delay(LOOK_EVERY_MS);
  }

  function currentEnd(): JestEnd | undefined {
    return end;
  }
}

async function bookEvents(
  tail: EventTail,
  book: CaseBook,
  onEvent: (event: WorkerEvent) => void,
): Promise<boolean> {
  const events = await tail.read();
  for (const event of events) {
    book.apply(event, performance.now());
    onEvent(event);
  }
  return events.length > 0;
}

/** Looks at the calls of a worker now and then; what was seen last holds until it looks again. */
class CallLook {
  readonly #watch: CallWatch;
  #lookedAtMs = -Infinity;
  #seen: WaitingCall | undefined;

  constructor(pid: number) {
    this.#watch = new CallWatch(pid);
  }

  async longest(): Promise<WaitingCall | undefined> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < LOOK_AT_CALLS_EVERY_MS) return this.#seen;
    this.#lookedAtMs = nowMs;
    this.#seen = await this.#watch.look(nowMs);
    return this.#seen;
  }
}

/** Why the running case counts as hung before its own limit: one of its calls does not return. Ends it in the book. */
function findStuckCall(book: CaseBook, call: WaitingCall | undefined): string | undefined {
  const nowMs = performance.now();
  const { running } = book;
  if (running === undefined || call === undefined) return undefined;
  const waitedMs = nowMs - Math.max(call.sinceMs, running.startedAtMs);
  if (waitedMs <= running.callTimeoutMs) return undefined;
  const reason = `${call.text} has not returned for ${(waitedMs / 1000).toFixed(1)} s`;
  book.endRunning('hung', reason, nowMs);
  return reason;
}

/** Why the worker counts as hung now; ends the running case in the book. */
function findHang(book: CaseBook, heardAtMs: number, limits: WatchLimits): string | undefined {
  const nowMs = performance.now();
  const { running } = book;
  if (running !== undefined) {
    if (nowMs - running.startedAtMs <= running.timeoutMs + limits.graceMs) return undefined;
    const reason = `The case did not end within ${running.timeoutMs} ms and ${limits.graceMs} ms of grace`;
    book.endRunning('hung', reason, nowMs);
    return reason;
  }
  if (nowMs - heardAtMs <= limits.silenceMs) return undefined;
  return `The suite's process said nothing for ${limits.silenceMs / 1000} s outside of a case`;
}
