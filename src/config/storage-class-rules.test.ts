import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../errors/failure.js';
import { loadConfig } from './load.js';
import { chooseStorageClass } from './storage-class-rules.js';

const folder = mkdtempSync(join(tmpdir(), 'objectfs-rules-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function load(rules: string) {
  const file = join(folder, 'objectfs.yaml');
  writeFileSync(file, `transfer:\n  storageClassRules:\n${rules}`);
  return loadConfig({ file, environment: {} }).config.transfer;
}

const known = (key: string, sizeBytes: number, ageMs?: number) => ({
  key,
  leastBytes: sizeBytes,
  mostBytes: sizeBytes,
  ageMs,
});

test('the first rule that fits decides, and without one the default', () => {
  const settings = load(
    '    - { prefix: logs/, minSizeBytes: 1MiB, storageClass: GLACIER_IR }\n' +
      '    - { prefix: logs/, storageClass: STANDARD_IA }\n',
  );
  expect(chooseStorageClass(settings, known('logs/a', 2 ** 20))).toBe('GLACIER_IR');
  expect(chooseStorageClass(settings, known('logs/a', 2 ** 20 - 1))).toBe('STANDARD_IA');
  expect(chooseStorageClass(settings, known('log', 2 ** 20))).toBe('STANDARD');
});

test('a bound on the size fits only what is certain to lie within it', () => {
  const small = load('    - { maxSizeBytes: 1000, storageClass: ONEZONE_IA }\n');
  const large = load('    - { minSizeBytes: 1000, storageClass: ONEZONE_IA }\n');
  const stream = { key: 'a', leastBytes: 1000, mostBytes: Infinity };
  expect(chooseStorageClass(small, known('a', 1000))).toBe('ONEZONE_IA');
  expect(chooseStorageClass(small, stream)).toBe('STANDARD');
  expect(chooseStorageClass(large, stream)).toBe('ONEZONE_IA');
  expect(chooseStorageClass(large, { ...stream, leastBytes: 0 })).toBe('STANDARD');
});

test('an age fits files that were last changed so long ago, and nothing that has no age', () => {
  const settings = load('    - { minAgeDays: 30, storageClass: GLACIER }\n');
  expect(chooseStorageClass(settings, known('a', 1, 30 * 86_400_000))).toBe('GLACIER');
  expect(chooseStorageClass(settings, known('a', 1, 30 * 86_400_000 - 1))).toBe('STANDARD');
  expect(chooseStorageClass(settings, known('a', 1))).toBe('STANDARD');
});

test('the variable takes the list as JSON', () => {
  const text = '[{"prefix":"a/","storageClass":"STANDARD_IA"}]';
  const { config } = loadConfig({ environment: { OBJECTFS_TRANSFER_STORAGE_CLASS_RULES: text } });
  expect(config.transfer.storageClassRules).toEqual([{ prefix: 'a/', storageClass: 'STANDARD_IA' }]);
});

test.each([
  ['    - { storageClass: COLD }\n', /storageClassRules\.0\.storageClass.*STANDARD_IA/],
  ['    - { prefix: a/ }\n', /storageClassRules\.0\.storageClass/],
  ['    - { prefx: a/, storageClass: GLACIER }\n', /storageClassRules\.0.*prefx/],
  ['    - { minSizeBytes: 2MB, maxSizeBytes: 1MB, storageClass: GLACIER }\n', /above maxSizeBytes/],
  ['    - { minSizeBytes: big, storageClass: GLACIER }\n', /storageClassRules\.0\.minSizeBytes.*big/],
  ['    { storageClass: GLACIER }\n', /storageClassRules.*array/],
])('a wrong rule is a wrong use that says where: %j', (rules, message) => {
  try {
    load(rules);
  } catch (reason) {
    expect(Failure.from(reason).kind).toBe('usage');
    expect(Failure.from(reason).message).toMatch(message);
    expect(Failure.from(reason).message).toContain('objectfs.yaml');
    return;
  }
  throw new Error('expected a failure');
});
