import { loadConfig } from '../../config/load.js';
import { configSchema } from '../../config/schema.js';
import { PROGRAM_ARMS } from '../arms.js';
import { copyCommand, type CopyWish } from './commands.js';

const credentials = {
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'not-for-arguments',
  sessionToken: 'nor-this',
};
const upload: CopyWish = {
  connection: { endpoint: 'http://127.0.0.1:9000', region: 'eu-west-1', credentials, forcePathStyle: true },
  bucket: 'data',
  transfer: configSchema.parse({ transfer: { connections: 3 } }).transfer,
  operation: 'upload',
  object: { key: 'a/b', path: '/tmp/file' },
  home: '/tmp/home',
};
const download: CopyWish = { ...upload, operation: 'download' };
const onAws: CopyWish = {
  ...upload,
  connection: { region: 'eu-west-1', credentials, forcePathStyle: false },
};

describe('command lines of programs', () => {
  test.each(PROGRAM_ARMS)('%s gets its keys in the environment and nothing of ours', (arm) => {
    const { args, environment } = copyCommand(arm, upload);
    expect(args.join(' ')).not.toContain(credentials.secretAccessKey);
    expect(args.join(' ')).not.toContain(credentials.sessionToken);
    expect(Object.values(environment)).toContain(credentials.secretAccessKey);
    expect(environment['HOME']).toBe('/tmp/home');
    expect(environment).not.toHaveProperty('AWS_CA_BUNDLE');
  });

  test.each(PROGRAM_ARMS)('%s copies the file up and the object down', (arm) => {
    const remote = arm === 'rclone' ? 'bench:data/a/b' : 's3://data/a/b';
    expect(copyCommand(arm, upload).args.slice(-2)).toEqual(['/tmp/file', remote]);
    expect(copyCommand(arm, download).args.slice(-2)).toEqual([remote, '/tmp/file']);
  });

  test.each(PROGRAM_ARMS)('%s without keys is wrong use', (arm) => {
    const wish = { ...upload, connection: { region: 'eu-west-1', forcePathStyle: false } };
    expect(() => copyCommand(arm, wish)).toThrow('needs the keys');
  });

  test('aws: documented flags, and path style by its configuration file', () => {
    const { program, args, configFile } = copyCommand('aws', upload);
    expect([program, ...args].join(' ')).toBe(
      'aws s3 cp --only-show-errors --endpoint-url http://127.0.0.1:9000 /tmp/file s3://data/a/b',
    );
    expect(configFile?.text).toContain('addressing_style = path');
    expect(copyCommand('aws', onAws).args).not.toContain('--endpoint-url');
    expect(copyCommand('aws', onAws).configFile?.text).toContain('addressing_style = virtual');
  });

  test('s5cmd: documented flags', () => {
    const { program, args, environment } = copyCommand('s5cmd', download);
    expect([program, ...args].join(' ')).toBe(
      's5cmd --log error --endpoint-url http://127.0.0.1:9000 cp s3://data/a/b /tmp/file',
    );
    expect(environment['AWS_REGION']).toBe('eu-west-1');
  });

  test('s3cmd: plain HTTP and path style as the endpoint wants them', () => {
    expect(copyCommand('s3cmd', upload).args).toEqual(
      expect.arrayContaining(['--host=127.0.0.1:9000', '--host-bucket=127.0.0.1:9000', '--no-ssl', 'put']),
    );
    expect(copyCommand('s3cmd', onAws).args).toEqual(
      expect.arrayContaining(['--host-bucket=%(bucket)s.s3.eu-west-1.amazonaws.com', '--ssl']),
    );
  });

  test('objectfs cp gets the transfer section of the run, as variables', () => {
    const tuned = { ...upload, connection: { ...upload.connection, tcpCongestion: 'reno' as const } };
    const { environment, args } = copyCommand('objectfs-cp', tuned);
    expect(loadConfig({ environment }).config).toMatchObject({
      s3: { endpoint: 'http://127.0.0.1:9000', region: 'eu-west-1', tcpCongestion: 'reno' },
      transfer: { connections: 3 },
    });
    expect(args.join(' ')).not.toContain(credentials.secretAccessKey);
  });
});
