import type { ArgumentsCamelCase, Argv } from 'yargs';
import { usageError } from '../../errors/failure.js';
import { refuseBucketName } from '../bucket-url.js';
import { interruptible } from '../interrupt.js';

export const command = 'serve';
export const describe = 'Run the embedded S3 server, on loopback unless told otherwise';

export function builder(yargs: Argv): Argv {
  return laboratoryOptions(yargs)
    .option('port', {
      type: 'number',
      requiresArg: true,
      default: 9000,
      describe: 'TCP port; 0 = a free one',
    })
    .option('host', {
      type: 'string',
      requiresArg: true,
      default: '127.0.0.1',
      describe: 'Address to listen on',
    })
    .option('data', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder that keeps objects over restarts; else memory',
    })
    .option('access-key', { type: 'string', requiresArg: true, describe: 'Access key; else a random one' })
    .option('secret-key', { type: 'string', requiresArg: true, describe: 'Secret key; else a random one' })
    .option('bucket', { type: 'string', requiresArg: true, describe: 'Bucket to create at start' })
    .example(
      'objectfs serve --bucket demo > demo.env &',
      'Serve from memory; source demo.env in another shell',
    )
    .example('objectfs serve --data ./s3 --port 9000', 'Keep the objects in a folder')
    .example('objectfs serve --faults faults.yaml', 'With failures; see docs/link-laboratory.md')
    .example('objectfs serve --link home', 'Behind a 40/10 Mbit/s line');
}

function laboratoryOptions(yargs: Argv): Argv {
  return yargs
    .option('link', {
      type: 'string',
      requiresArg: true,
      describe: 'loopback, lan, same-region, cross-region, home, mobile, satellite or a file.yaml',
    })
    .option('seed', {
      type: 'number',
      requiresArg: true,
      default: 1,
      describe: 'Of what the link does at random',
    })
    .option('faults', {
      type: 'string',
      requiresArg: true,
      describe: 'File of fault rules (YAML): which requests fail, and how',
    });
}

interface ServeFlags {
  readonly port: number;
  readonly host: string;
  readonly data?: string;
  readonly link?: string;
  readonly seed: number;
  readonly faults?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly bucket?: string;
}

export async function handler(parsed: ArgumentsCamelCase): Promise<void> {
  const flags = parsed as unknown as ServeFlags; // as declared in `builder`; yargs has checked the types
  const credentials = givenCredentials(flags);
  if (!Number.isInteger(flags.port) || flags.port < 0 || flags.port > 65_535) {
    throw usageError(`${flags.port} is no TCP port`, 'Give --port from 0 to 65535; 0 takes a free one');
  }
  if (flags.bucket !== undefined) refuseBucketName(flags.bucket);
  const { profileOf } = await import('../../emulator/link/profile-file.js');
  const { readFaultRules } = await import('../../emulator/faults/rules.js');
  const { startEmulator } = await import('../../emulator/emulator.js');
  await interruptible(async (signal) => {
    const emulator = await startEmulator({
      host: flags.host,
      port: flags.port,
      ...(flags.data === undefined ? {} : { dataDir: flags.data }),
      ...(flags.link === undefined ? {} : { link: profileOf(flags.link), linkSeed: flags.seed }),
      ...(flags.faults === undefined ? {} : { faults: readFaultRules(flags.faults) }),
      ...(credentials === undefined ? {} : { credentials }),
    });
    try {
      if (flags.bucket !== undefined) await createBucket(emulator, flags.bucket, signal);
      process.stdout.write(exportsFor(emulator));
      await aborted(signal);
    } finally {
      await emulator.close();
    }
  });
}

function givenCredentials(flags: ServeFlags): { accessKeyId: string; secretAccessKey: string } | undefined {
  const { accessKey, secretKey } = flags;
  if (accessKey === undefined && secretKey === undefined) return undefined;
  if (accessKey !== undefined && secretKey !== undefined) {
    return { accessKeyId: accessKey, secretAccessKey: secretKey };
  }
  throw usageError('--access-key and --secret-key belong together', 'Give both or neither');
}

interface Served {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

async function createBucket(served: Served, bucket: string, signal: AbortSignal): Promise<void> {
  const { createBucketAdmin } = await import('../../s3/admin.js');
  const admin = createBucketAdmin({ ...served, forcePathStyle: true });
  try {
    if (!(await admin.exists(bucket, signal))) await admin.create(bucket, { signal });
  } finally {
    admin.close();
  }
}

/** Lines for `eval` or `.`: the AWS tools, the SDKs and `objectfs` itself read these names. */
function exportsFor({ endpoint, region, credentials }: Served): string {
  const variables = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('');
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}
