import { inspect, isDeepStrictEqual } from 'node:util';

/** A check of a case that did not hold; the message says what was expected and what happened. */
export class CaseFailure extends Error {
  override readonly name = 'CaseFailure';
}

let checks = 0;

/** One more thing was looked at; the report says how many a case looked at. */
export function noteCheck(): void {
  checks += 1;
}

/** How many checks were made since the last call. Cases run one after the other. */
export function takeChecks(): number {
  const taken = checks;
  checks = 0;
  return taken;
}

/** Fails with this message. */
export function fail(message: string): never {
  throw new CaseFailure(message);
}

/** `what` is a sentence that is true when `condition` is. */
export function ok(condition: boolean, what: string): asserts condition {
  noteCheck();
  if (!condition) fail(`This did not hold: ${what}`);
}

/** Strict and deep equality; `what` names the compared thing: `size after truncate`. */
export function equal<T>(actual: T, expected: T, what: string): void {
  noteCheck();
  if (!isSame(actual, expected)) {
    fail(`${what}: expected ${show(expected)}, but got ${show(actual)}`);
  }
}

/** The opposite of {@link equal}. */
export function notEqual<T>(actual: T, unwanted: T, what: string): void {
  noteCheck();
  if (isSame(actual, unwanted)) fail(`${what}: expected another value than ${show(unwanted)}`);
}

/** Equal content; a difference is told by length and first differing offset, never by a dump of megabytes. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  noteCheck();
  if (Buffer.compare(actual, expected) === 0) return;
  const offset = firstDifference(actual, expected);
  const lengths = `expected ${expected.length} bytes, got ${actual.length}`;
  const bytes = `byte ${offset} is ${byteAt(actual, offset)} and should be ${byteAt(expected, offset)}`;
  fail(`${what}: content differs: ${lengths}; ${bytes}`);
}

function isSame(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(ofThisRealm(left), ofThisRealm(right));
}

/** Arrays that Node's core makes have another realm's prototype in a Jest worker, which strict equality would see. */
function ofThisRealm(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, ofThisRealm);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, ofThisRealm(inner)]));
}

function firstDifference(left: Uint8Array, right: Uint8Array): number {
  const shorter = Math.min(left.length, right.length);
  for (let offset = 0; offset < shorter; offset += 1) {
    if (left[offset] !== right[offset]) return offset;
  }
  return shorter;
}

function byteAt(bytes: Uint8Array, offset: number): string {
  const byte = bytes[offset];
  return byte === undefined ? 'absent' : `0x${byte.toString(16).padStart(2, '0')}`;
}

function show(value: unknown): string {
  return inspect(value, { breakLength: Infinity, maxArrayLength: 20, maxStringLength: 300, depth: 4 });
}
