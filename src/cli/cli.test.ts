import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { compiledModule } from '../config/paths.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { COMMANDS } from './commands/index.js';
import {
  leftoversAt,
  makePlace,
  NOTHING_LEFT,
  startObjectfs,
  until,
  type Leftovers,
} from './testing/command-line.js';

/** Nothing listens there: a privileged port that no service of this machine has. */
const CLOSED = 'http://127.0.0.1:1';

interface BadInput {
  readonly says: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Part of the line: what is wrong, and what to do. */
  readonly line: RegExp;
}

/** Words that are replaced when the emulator runs. */
const KEYS = { AWS_ACCESS_KEY_ID: '{key}', AWS_SECRET_ACCESS_KEY: '{secret}' };
const WRONG = { AWS_ACCESS_KEY_ID: '{key}', AWS_SECRET_ACCESS_KEY: 'wrong' };
const HERE = ['--endpoint', '{url}'];
const MOUNT = ['mount', 's3://there', 'empty'];

const BAD_INPUT: readonly BadInput[] = [
  // Buckets, credentials, endpoints
  {
    says: 'a bucket name that S3 does not allow',
    args: ['mount', 's3://Bad_Name', 'empty', ...HERE],
    line: /Bad_Name.*Use 3 to 63/,
  },
  { says: 'a bucket without s3://', args: ['mount', 'there', 'empty'], line: /Write s3:\/\/BUCKET/ },
  {
    says: 'a bucket that does not exist',
    args: ['mount', 's3://not-there', 'empty', ...HERE],
    env: KEYS,
    line: /not-there.*NoSuchBucket.*Check the name/,
  },
  { says: 'no credentials to mount with', args: MOUNT, line: /credentials.*AWS_ACCESS_KEY_ID/ },
  {
    says: 'no credentials for an endpoint',
    args: ['bench', ...HERE],
    line: /credentials.*AWS_ACCESS_KEY_ID/,
  },
  {
    says: 'no credentials where AWS is required',
    args: ['bench', '--region', 'us-west-2', '--require-aws'],
    line: /No AWS credentials.*us-west-2.*leave out --require-aws/,
  },
  {
    says: 'a refused signature of a mount',
    args: [...MOUNT, ...HERE],
    env: WRONG,
    line: /SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY/,
  },
  {
    says: 'a refused signature of a suite',
    args: ['suite', 'posix', ...HERE],
    env: WRONG,
    line: /SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY/,
  },
  {
    says: 'a mount from an endpoint where nobody answers',
    args: [...MOUNT, '--endpoint', CLOSED],
    env: KEYS,
    line: /ECONNREFUSED.*check --endpoint/,
  },
  {
    says: 'a suite on an endpoint where nobody answers',
    args: ['suite', 'range', '--endpoint', CLOSED],
    env: KEYS,
    line: /ECONNREFUSED.*check --endpoint/,
  },
  {
    says: 'a bench on an endpoint where nobody answers',
    args: ['bench', '--endpoint', CLOSED],
    env: KEYS,
    line: /ECONNREFUSED.*check --endpoint/,
  },
  { says: 'an endpoint that is no URL', args: [...MOUNT, '--endpoint', 'nonsense'], line: /s3\.endpoint/ },
  // Mount points
  {
    says: 'a missing mount point',
    args: ['mount', 's3://there', 'missing', ...HERE],
    env: KEYS,
    line: /missing does not exist.*mkdir -p missing/,
  },
  {
    says: 'a file as the mount point',
    args: ['mount', 's3://there', 'file', ...HERE],
    env: KEYS,
    line: /file is not a directory/,
  },
  {
    says: 'a mount point that is not empty',
    args: ['mount', 's3://there', 'full', ...HERE],
    env: KEYS,
    line: /full is not empty.*empty directory/,
  },
  {
    says: 'a directory that is a mount already',
    args: ['mount', 's3://there', '/proc', ...HERE],
    env: KEYS,
    line: /\/proc is a mount already.*Unmount it first/,
  },
  {
    says: 'an unmount of a plain directory',
    args: ['unmount', 'empty'],
    line: /empty is not a mount.*findmnt/,
  },
  { says: 'an unmount of a foreign mount', args: ['unmount', '/proc'], line: /another kind.*Use umount/ },
  // Names
  {
    says: 'an unknown suite',
    args: ['suite', 'posxi'],
    line: /no suite "posxi".*Did you mean "posix"/,
  },
  {
    says: 'an unknown target',
    args: ['suite', 'posix', '--target', 'nfs'],
    line: /no target "nfs".*dir:PATH/,
  },
  {
    says: 'a target directory that does not exist',
    args: ['suite', 'posix', '--target', 'dir:/no/such'],
    line: /\/no\/such does not exist/,
  },
  { says: 'an unknown link of a bench', args: ['bench', '--link', 'dsl'], line: /"dsl".*Choose one of/ },
  { says: 'an unknown link of a server', args: ['serve', '--link', 'dsl'], line: /"dsl".*Choose one of/ },
  {
    says: 'a link for an endpoint',
    args: ['bench', '--link', 'home', ...HERE],
    line: /Leave out --link or --endpoint/,
  },
  // Configuration
  {
    says: 'an unknown key in the file',
    args: ['bench', '--config', 'unknown-key.yaml'],
    line: /transfer\.chunksize.*Did you mean transfer\.chunkSize/,
  },
  {
    says: 'an unknown key in the environment',
    args: ['bench'],
    env: { OBJECTFS_TRANSFER_CHUNKSIZE: '8MiB' },
    line: /Did you mean OBJECTFS_TRANSFER_CHUNK_SIZE/,
  },
  { says: 'a configuration file that is not there', args: ['config', '--config', 'none'], line: /--config/ },
  {
    says: 'a memory limit that is too small',
    args: [...MOUNT, '--memory-limit', '1'],
    line: /mount\.memoryLimit.*from 64 MiB/,
  },
  {
    says: 'a memory limit that is no size',
    args: [...MOUNT, '--memory-limit', 'lots'],
    line: /mount\.memoryLimit.*"lots" is not a size/,
  },
  {
    says: 'a state folder that is a file',
    args: ['suite', 'range'],
    env: { OBJECTFS_STATE_DIR: 'file' },
    line: /Set OBJECTFS_STATE_DIR/,
  },
  // Numbers and sizes
  { says: 'objects of no bytes', args: ['bench', '--sizes', '0'], line: /0 bytes.*Give sizes/ },
  { says: 'objects of lots of bytes', args: ['bench', '--sizes', 'lots'], line: /"lots" is not a size/ },
  { says: 'objects beyond S3', args: ['bench', '--sizes', '6TiB'], line: /5 TiB/ },
  { says: 'no blocks', args: ['bench', '--blocks', '0'], line: /Ask for 1 to 1000 blocks/ },
  { says: 'half a block', args: ['bench', '--blocks', '1.5'], line: /whole number/ },
  { says: 'a seed that is no number', args: ['bench', '--seed', 'abc'], line: /--seed takes a whole number/ },
  { says: 'a seed below zero', args: ['suite', 'range', '--seed=-1'], line: /--seed takes a whole number/ },
  // Folders
  { says: 'a file as --data', args: ['bench', '--data', 'file'], line: /not a directory.*--data DIR/ },
  { says: 'a missing --data', args: ['bench', '--data', 'none'], line: /does not exist.*--data DIR/ },
  { says: 'an empty --data', args: ['bench', '--data', 'empty'], line: /holds no file/ },
  { says: 'a file as --out', args: ['bench', '--out', 'file'], line: /not a folder.*--out/ },
  { says: 'an --out below a file', args: ['suite', 'range', '--out', 'file/x'], line: /not a folder.*--out/ },
  { says: 'a report of nothing', args: ['report', 'empty'], line: /no report at.*results\.json/ },
  { says: 'a report of no JSON', args: ['report', 'no-json'], line: /not a report.*folder of a run/ },
  { says: 'a report that is damaged', args: ['report', 'damaged'], line: /is damaged.*folder of a run/ },
  { says: 'a report of tomorrow', args: ['report', 'newer'], line: /version 77.*program that wrote it/ },
  // The embedded server
  {
    says: 'an access key without its secret',
    args: ['serve', '--access-key', 'a', '--port', '0'],
    line: /Give both or neither/,
  },
  { says: 'a port in use', args: ['serve', '--port', '{port}'], line: /can not listen.*another --port/ },
  { says: 'a port beyond the last', args: ['serve', '--port', '99999'], line: /no TCP port.*65535/ },
  { says: 'a port that is no number', args: ['serve', '--port', 'http'], line: /no TCP port/ },
  {
    says: 'a data folder of somebody else',
    args: ['serve', '--data', 'full', '--port', '0'],
    line: /full holds other files.*new folder/,
  },
  {
    says: 'a file as a data folder',
    args: ['serve', '--data', 'file', '--port', '0'],
    line: /file is not a folder/,
  },
  {
    says: 'a bucket name for the server that S3 does not allow',
    args: ['serve', '--bucket', 'Bad_Name', '--port', '0'],
    line: /Use 3 to 63/,
  },
  // Words
  { says: 'an unknown command', args: ['mont'], line: /no command "mont".*Did you mean mount/ },
  { says: 'no command', args: [], line: /Name a command.*--help/ },
  { says: 'an unknown flag', args: ['bench', '--sizs', '1MiB'], line: /Unknown argument: sizs.*--help/ },
  { says: 'a flag without its value', args: ['bench', '--sizes'], line: /sizes.*--help/ },
  { says: 'a missing argument', args: ['mount', 's3://there'], line: /--help/ },
  { says: 'an unknown binding', args: [...MOUNT, '--binding', 'x'], line: /"kernel", "fuse-native".*--help/ },
];

/** Names in the working directory of each command. */
const WORK = ['empty', 'full', 'file', 'unknown-key.yaml', 'no-json', 'damaged', 'newer'];

interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly left: Leftovers;
}

async function fillWork(work: string): Promise<void> {
  const at = (name: string): string => join(work, name);
  for (const name of ['empty', 'full', 'no-json', 'damaged', 'newer']) await mkdir(at(name));
  await writeFile(at('file'), 'a file');
  await writeFile(at('full/of'), 'files');
  await writeFile(at('unknown-key.yaml'), 'transfer:\n  chunksize: 8MiB\n');
  await writeFile(at('no-json/results.json'), '{');
  await writeFile(at('damaged/results.json'), '{"schemaVersion":1,"extra":1}');
  await writeFile(at('newer/results.json'), '{"schemaVersion":77}');
}

describe('bad input', () => {
  const limit = pLimit(2);
  const outcomes = new Map<string, Promise<Outcome>>();
  let emulator: Emulator;

  function filled(text: string): string {
    const { endpoint, credentials } = emulator;
    return text
      .replace('{url}', endpoint)
      .replace('{port}', new URL(endpoint).port)
      .replace('{key}', credentials.accessKeyId)
      .replace('{secret}', credentials.secretAccessKey);
  }

  async function outcomeOf({ args, env = {} }: BadInput): Promise<Outcome> {
    const place = await makePlace();
    try {
      await fillWork(place.work);
      const environment = Object.fromEntries(Object.entries(env).map(([name, text]) => [name, filled(text)]));
      const { exitCode, stdout, stderr } = await startObjectfs(place, args.map(filled), { environment });
      return { exitCode, stdout, stderr, left: await leftoversAt(place, WORK) };
    } finally {
      await place.remove();
    }
  }

  beforeAll(async () => {
    emulator = await startEmulator();
    const admin = createBucketAdmin({ ...emulator, forcePathStyle: true });
    await admin.create('there');
    admin.close();
    for (const input of BAD_INPUT) {
      const outcome = limit(() => outcomeOf(input));
      outcome.catch(() => undefined); // its test tells
      outcomes.set(input.says, outcome);
    }
  });
  afterAll(async () => {
    await Promise.allSettled(outcomes.values());
    await emulator.close();
  });

  test.each(BAD_INPUT)(
    '$says is one clear line with a remedy, exit code 2, and nothing is left',
    async ({ says, line }) => {
      const outcome = await outcomes.get(says);
      expect(outcome).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringMatching(/^objectfs: [^\n]+\. [^\n]+$/) as string,
        left: NOTHING_LEFT,
      });
      expect(outcome?.stderr).toMatch(line);
      expect(outcome?.stderr).not.toMatch(/^\s+at /m);
    },
    300_000,
  );

  test('no command made a bucket', async () => {
    await Promise.allSettled(outcomes.values());
    const admin = createBucketAdmin({ ...emulator, forcePathStyle: true });
    expect((await admin.listBuckets()).map(({ name }) => name)).toEqual(['there']);
    admin.close();
  }, 300_000);
});

describe('help', () => {
  const names = COMMANDS.map(({ command }) => String(command).split(' ')[0] ?? '');

  test.each(names)(
    '%s --help shows examples',
    async (name) => {
      const place = await makePlace();
      const { exitCode, stdout, stderr } = await startObjectfs(place, [name, '--help']);
      await place.remove();
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain(`objectfs ${name}`);
      expect(stdout).toMatch(/Examples:\n\s+objectfs /);
    },
    60_000,
  );

  test('takes less than half a second of processor time', async () => {
    const main = compiledModule('src/cli/main.js');
    const script = `${JSON.stringify(process.execPath)} ${JSON.stringify(main)} --help >/dev/null; times`;
    const seconds: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { stdout } = await execa('bash', ['-c', script]);
      const [, children = ''] = stdout.split('\n'); // bash(1), times: of the shell, then of its children
      const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
      seconds.push(parts.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0));
    }
    expect(Math.min(...seconds)).toBeGreaterThan(0);
    expect(Math.min(...seconds)).toBeLessThan(0.5);
  }, 60_000);
});

describe('serve', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'ends with 0 on %s and leaves nothing',
    async (signal) => {
      const place = await makePlace();
      const child = startObjectfs(place, ['serve', '--port', '0', '--bucket', 'demo']);
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await until('the exports', () => (output.includes('AWS_SECRET_ACCESS_KEY') ? true : undefined));
      child.kill(signal);
      expect((await child).exitCode).toBe(0);
      expect(await leftoversAt(place)).toEqual(NOTHING_LEFT);
      await place.remove();
    },
    60_000,
  );
});
