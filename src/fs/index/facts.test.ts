import type { ObjectHead } from '../../s3/store.js';
import { storedFrom } from '../objects.js';
import { confirms } from './facts.js';

const SECOND = 1_700_000_000_000;
const head: ObjectHead = {
  key: 'a',
  etag: '"e"',
  sizeBytes: 3,
  lastModifiedMs: SECOND,
  metadata: { mode: '33188' },
  headers: {},
  storageClass: 'STANDARD',
};
const facts = { etag: '"e"', sizeBytes: 3, lastModifiedMs: SECOND + 400 };

test('a HEAD that was answered in a later second is confirmed by any listing of that second, and by no later one', () => {
  const object = storedFrom({ ...head, repliedAtMs: SECOND + 1000 });
  expect(confirms(facts, object)).toBe(true);
  expect(confirms({ ...facts, lastModifiedMs: SECOND + 1000 }, object)).toBe(false);
  expect(confirms({ ...facts, etag: '"f"' }, object)).toBe(false);
  expect(confirms({ ...facts, sizeBytes: 4 }, object)).toBe(false);
});

test.each([
  ['in the second of Last-Modified', { repliedAtMs: SECOND }],
  ['by a server that does not say when', {}],
])('a HEAD that was answered %s is confirmed by no listing', (_when, reply) => {
  expect(confirms(facts, storedFrom({ ...head, ...reply }))).toBe(false);
});

test('such a HEAD takes nothing away from what we know to have written', () => {
  const written = { ...storedFrom(head), modifiedByMs: SECOND + 500 };
  const again = { ...head, repliedAtMs: SECOND };
  expect(storedFrom(again, written).modifiedByMs).toBe(SECOND + 500);
  expect(storedFrom({ ...again, metadata: { mode: '33152' } }, written).modifiedByMs).toBeUndefined();
});
