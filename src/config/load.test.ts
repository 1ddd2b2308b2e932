import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../errors/failure.js';
import { CONFIG_KEYS } from './keys.js';
import { loadConfig } from './load.js';

const folder = mkdtempSync(join(tmpdir(), 'objectfs-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function fileWith(text: string): string {
  const path = join(folder, `${String(Math.random()).slice(2)}.yaml`);
  writeFileSync(path, text);
  return path;
}

function failureOf(action: () => unknown): Failure {
  try {
    action();
  } catch (reason) {
    return Failure.from(reason);
  }
  throw new Error('expected a failure');
}

describe('loadConfig', () => {
  test('without any source every value is a default', () => {
    const { config, values } = loadConfig({ environment: {} });
    expect(config.transfer.chunkSize).toBeUndefined();
    expect(config.transfer.connections).toBeUndefined();
    expect(values.every((value) => value.origin.kind === 'default')).toBe(true);
  });

  test('a flag wins over the environment, the environment over the file, the file over AWS variables', () => {
    const file = fileWith('s3:\n  region: file-1\n');
    const environment = { OBJECTFS_S3_REGION: 'environment-1', AWS_REGION: 'aws-1' };
    const region = (sources: Parameters<typeof loadConfig>[0]): string =>
      loadConfig(sources).config.s3.region;
    expect(region({ file, environment, flags: { 's3.region': 'flag-1' } })).toBe('flag-1');
    expect(region({ file, environment })).toBe('environment-1');
    expect(region({ file, environment: { AWS_REGION: 'aws-1' } })).toBe('file-1');
    expect(region({ environment: { AWS_REGION: 'aws-1' } })).toBe('aws-1');
  });

  test('sizes are read with their units from file and environment', () => {
    const file = fileWith('transfer:\n  chunkSize: 8MiB\n');
    expect(loadConfig({ file, environment: {} }).config.transfer.chunkSize).toBe(8 * 1024 * 1024);
    const environment = { OBJECTFS_MOUNT_MEMORY_LIMIT: '1GiB', OBJECTFS_MOUNT_READ_ONLY: 'yes' };
    expect(loadConfig({ environment }).config.mount).toMatchObject({ memoryLimit: 2 ** 30, readOnly: true });
  });

  test.each([
    ['transfer:\n  chunksize: 8MiB\n', 'transfer.chunkSize'],
    ['transfers:\n  chunkSize: 8MiB\n', 'transfer'],
  ])('an unknown key in a file is an error that names the nearest: %j', (text, nearest) => {
    const failure = failureOf(() => loadConfig({ file: fileWith(text), environment: {} }));
    expect(failure.kind).toBe('usage');
    expect(failure.remedy).toContain(nearest);
  });

  test('an unknown variable of a section is an error that names the nearest', () => {
    const failure = failureOf(() => loadConfig({ environment: { OBJECTFS_TRANSFER_CHUNKSIZE: '1' } }));
    expect(failure.remedy).toContain('OBJECTFS_TRANSFER_CHUNK_SIZE');
  });

  test.each([
    'transfer:\n  chunkSize: lots\n',
    'transfer:\n  chunkSize: 1MiB\n',
    'transfer:\n  connections: 0\n',
    'log:\n  level: loud\n',
  ])('an impossible value is refused: %j', (text) => {
    const failure = failureOf(() => loadConfig({ file: fileWith(text), environment: {} }));
    expect(failure.kind).toBe('usage');
    expect(failure.message).toContain(
      text
        .split(/[\n: ]+/)
        .slice(0, 2)
        .join('.'),
    );
  });

  test.each(['- a\n- b\n', 'a: b: c\n', 'transfer: 5\n'])(
    'a file of another layout is refused: %j',
    (text) => {
      expect(failureOf(() => loadConfig({ file: fileWith(text), environment: {} })).kind).toBe('usage');
    },
  );

  test('a named file that is missing is refused', () => {
    expect(failureOf(() => loadConfig({ file: join(folder, 'none.yaml'), environment: {} })).kind).toBe(
      'usage',
    );
  });

  test('half a pair of credentials is refused', () => {
    const environment = { OBJECTFS_S3_ACCESS_KEY_ID: 'key' };
    expect(failureOf(() => loadConfig({ environment })).message).toContain('belong together');
  });

  test('exactly the secrets are marked', () => {
    expect(CONFIG_KEYS.filter((key) => key.secret).map((key) => key.path)).toEqual([
      's3.secretAccessKey',
      's3.sessionToken',
    ]);
  });
});
