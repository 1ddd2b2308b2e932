import yargs from 'yargs';
import { quickConfig } from '../../config/quick.js';
import { loadConfig } from '../../config/load.js';
import { Failure } from '../../errors/failure.js';
import { builder, command, wishOf } from '../commands/cp.js';
import { quickWish, type QuickWish } from './quick.js';
import { STREAM_WORD } from './stream-word.js';

/** What the command's own parser and the schema make of the same words. */
async function slowWish(words: readonly string[]): Promise<QuickWish> {
  const found: Promise<QuickWish>[] = [];
  await yargs(words.map((word) => (word === '-' ? STREAM_WORD : word)))
    .command(command, '', builder, (flags) => void found.push(wishOf(flags)))
    .parseAsync();
  const [wish] = found;
  if (wish === undefined) throw new Error('the command was not run');
  return wish;
}

const PLACES = ['film.mkv', 's3://data/films/'];

describe('the quick way into a copy', () => {
  test.each([
    [],
    ['-r', '--json'],
    ['--recursive', '--no-resume', '--hedge'],
    ['--endpoint', 'http://127.0.0.1:9000', '--region=eu-west-1'],
    ['--level', 'aggressive'],
    ['--chunk-size', '8MiB', '--connections', '3', '--congestion', 'bbr'],
    ['--transfer-workers', '2'],
    ['--transfer-workers=0', '--json'],
    ['--storage-class', 'STANDARD_IA', '--log-level', 'debug'],
  ])('makes of %j what the command makes of it', async (...flags) => {
    const words = ['cp', ...PLACES, ...flags];
    const quick = quickWish(words, process.env);
    expect(quick).toBeDefined();
    expect(quick).toEqual(await slowWish(words));
  });

  test('takes a hyphen for a stream, and flags before the places', async () => {
    const words = ['cp', '--json', '-', 's3://data/key'];
    expect(quickWish(words, process.env)).toEqual(await slowWish(words));
  });

  test.each([
    [['cp', '--help']],
    [['cp', 'one']],
    [['cp', 'one', 'two', 'three']],
    [['cp', '', 's3://data/key']],
    [['cp', ...PLACES, '--unknown']],
    [['cp', ...PLACES, '--config', 'mine.yaml']],
    [['cp', ...PLACES, '--level', 'highest']],
    [['cp', ...PLACES, '--chunk-size', '1MiB']],
    [['cp', ...PLACES, '--connections', '0']],
    [['cp', ...PLACES, '--transfer-workers', '17']],
    [['cp', ...PLACES, '--region', '']],
    [['cp', ...PLACES, '--no-hedge']],
    [['cp', '--', ...PLACES]],
    [['--json', 'cp', ...PLACES]],
    [['bench']],
  ])('leaves %j to the command', (words) => {
    expect(quickWish(words, {})).toBeUndefined();
  });
});

describe('the configuration of a copy', () => {
  const full = (environment: Record<string, string>) => {
    const { s3, transfer, log } = loadConfig({ environment }).config;
    return { s3, transfer, log };
  };

  test.each<Record<string, string>>([
    {},
    { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://localhost:9000', AWS_ENDPOINT_URL_S3: '' },
    {
      OBJECTFS_S3_REGION: 'a',
      AWS_REGION: 'b',
      OBJECTFS_S3_FORCE_PATH_STYLE: 'no',
      OBJECTFS_S3_CLIENT: 'sdk',
    },
    { OBJECTFS_S3_ACCESS_KEY_ID: 'id', OBJECTFS_S3_SECRET_ACCESS_KEY: 'secret' },
    { OBJECTFS_TRANSFER_LEVEL: 'off', OBJECTFS_TRANSFER_CONNECTIONS: '256', OBJECTFS_TRANSFER_HEDGE: 'yes' },
    { OBJECTFS_TRANSFER_CHUNK_SIZE: '5MiB', OBJECTFS_TRANSFER_TARGET_THROUGHPUT: '1000000' },
    { OBJECTFS_LOG_LEVEL: 'warn', OBJECTFS_TRANSFER_STORAGE_CLASS: 'GLACIER_IR', OBJECTFS_STATE_DIR: '/x' },
  ])('of %j is that of the schema', (environment) => {
    const quick = quickConfig({ flags: {}, environment });
    expect(quick).toBeDefined();
    expect(quick).toEqual(full(environment));
  });

  test.each<Record<string, string>>([
    { OBJECTFS_TRANSFER_STORAGE_CLASS_RULES: '[]' },
    { OBJECTFS_MOUNT_READ_ONLY: 'true' },
    { OBJECTFS_CONFIG: 'mine.yaml' },
    { OBJECTFS_TRANSFER_LEVLE: 'off' },
    { OBJECTFS_S3_ENDPOINT: 'localhost:9000' },
    { OBJECTFS_S3_ACCESS_KEY_ID: 'id' },
    { OBJECTFS_TRANSFER_CONNECTIONS: '257' },
    { OBJECTFS_TRANSFER_HEDGE: 'perhaps' },
  ])('of %j is left to the schema, which also knows what is wrong', (environment) => {
    expect(quickConfig({ flags: {}, environment })).toBeUndefined();
  });

  test('a mistake is told by the schema', () => {
    expect(() => full({ OBJECTFS_TRANSFER_CONNECTIONS: '257' })).toThrow(Failure);
  });
});
