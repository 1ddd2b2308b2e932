import { compiledModule } from '../../config/paths.js';
import type { Config } from '../../config/schema.js';
import { variableOf } from '../../config/variables.js';
import { usageError } from '../../errors/failure.js';
import type { S3Connection, S3Credentials } from '../../s3/connection.js';
import type { ProgramArm } from '../arms.js';
import type { ArmObject } from '../arm-protocol.js';
import type { OperationName } from '../plan.js';

/** What a command line is made from. */
export interface CopyWish {
  readonly connection: S3Connection;
  readonly bucket: string;
  readonly transfer: Config['transfer'];
  readonly operation: OperationName;
  readonly object: ArmObject;
  /** A folder of the run's own: home directory, and where `configFile` is written. */
  readonly home: string;
}

/** A program's start, with nothing of the caller's environment but `PATH`. */
export interface ProgramCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Written before the clock starts. */
  readonly configFile?: { readonly path: string; readonly text: string };
}

/**
 * The command line that moves one object, with the program's own defaults for parts and concurrency. Keys travel in the
 * environment: arguments can be read by every user of the machine.
 *
 * @throws Failure `usage` where the keys are not known by value: programs resolve them each in a way of its own.
 */
export function copyCommand(arm: ProgramArm, wish: CopyWish): ProgramCommand {
  const { credentials } = wish.connection;
  if (credentials === undefined) {
    throw usageError(
      `The arm ${arm} needs the keys themselves`,
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    );
  }
  return COMMANDS[arm](wish, credentials);
}

type Compose = (wish: CopyWish, credentials: S3Credentials) => ProgramCommand;

const COMMANDS: Readonly<Record<ProgramArm, Compose>> = {
  'objectfs-cp': objectfsCp,
  rclone,
  s3cmd,
  aws,
  s5cmd,
};

/** The settings of this run as variables, so that the `transfer` section holds for it as for the arm `optimized`. */
function objectfsCp(wish: CopyWish, credentials: S3Credentials): ProgramCommand {
  const { endpoint, region, forcePathStyle, client, tcpCongestion } = wish.connection;
  const { storageClassRules, ...transfer } = wish.transfer;
  const sections = {
    s3: { endpoint, region, forcePathStyle, client, tcpCongestion },
    transfer: {
      ...transfer,
      storageClassRules: storageClassRules.length === 0 ? undefined : JSON.stringify(storageClassRules),
    },
  };
  const settings = Object.entries(sections).flatMap(([section, values]) =>
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[variableOf(section, name), String(value)]],
    ),
  );
  return {
    program: process.execPath,
    args: [compiledModule('src/cli/main.js'), 'cp', ...inOrder(wish, urlOf(wish))],
    environment: {
      ...awsVariables(wish, credentials),
      ...(Object.fromEntries(settings) as Record<string, string>), // pairs of texts
    },
  };
}

/** https://rclone.org/s3/ and https://rclone.org/docs/#environment-variables */
function rclone(wish: CopyWish, credentials: S3Credentials): ProgramCommand {
  const { endpoint, region, forcePathStyle } = wish.connection;
  return {
    program: 'rclone',
    args: ['copyto', ...inOrder(wish, `bench:${wish.bucket}/${wish.object.key}`)],
    environment: {
      ...homeVariables(wish),
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_BENCH_TYPE: 's3',
      RCLONE_CONFIG_BENCH_PROVIDER: endpoint === undefined ? 'AWS' : 'Other',
      RCLONE_CONFIG_BENCH_REGION: region,
      RCLONE_CONFIG_BENCH_FORCE_PATH_STYLE: String(forcePathStyle),
      RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: credentials.accessKeyId,
      RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      ...given('RCLONE_CONFIG_BENCH_SESSION_TOKEN', credentials.sessionToken),
      ...given('RCLONE_CONFIG_BENCH_ENDPOINT', endpoint),
    },
  };
}

/** s3cmd(1). A host-bucket without `%(bucket)` is path style. */
function s3cmd(wish: CopyWish, credentials: S3Credentials): ProgramCommand {
  const { endpoint, region, forcePathStyle } = wish.connection;
  const url = endpoint === undefined ? undefined : new URL(endpoint);
  const host = url?.host ?? `s3.${region}.amazonaws.com`;
  const verb = wish.operation === 'upload' ? ['put'] : ['get', '--force'];
  const hostBucket = forcePathStyle ? host : `%(bucket)s.${host}`;
  return {
    program: 's3cmd',
    args: [
      '--config=/dev/null',
      '--no-progress',
      `--host=${host}`,
      `--host-bucket=${hostBucket}`,
      `--region=${region}`,
      url?.protocol === 'http:' ? '--no-ssl' : '--ssl',
      ...verb,
      ...inOrder(wish, urlOf(wish)),
    ],
    environment: awsVariables(wish, credentials),
  };
}

/** https://docs.aws.amazon.com/cli/latest/topic/s3-config.html and .../cli-configure-envvars.html */
function aws(wish: CopyWish, credentials: S3Credentials): ProgramCommand {
  const { endpoint, forcePathStyle } = wish.connection;
  const path = `${wish.home}/aws-config`;
  const style = forcePathStyle ? 'path' : 'virtual';
  return {
    program: 'aws',
    args: [
      's3',
      'cp',
      '--only-show-errors',
      ...(endpoint === undefined ? [] : ['--endpoint-url', endpoint]),
      ...inOrder(wish, urlOf(wish)),
    ],
    environment: {
      ...awsVariables(wish, credentials),
      AWS_CONFIG_FILE: path,
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
    configFile: { path, text: `[default]\ns3 =\n  addressing_style = ${style}\n` },
  };
}

/** https://github.com/peak/s5cmd: path style follows from an endpoint that is not AWS's. */
function s5cmd(wish: CopyWish, credentials: S3Credentials): ProgramCommand {
  const { endpoint } = wish.connection;
  return {
    program: 's5cmd',
    args: [
      '--log',
      'error',
      ...(endpoint === undefined ? [] : ['--endpoint-url', endpoint]),
      'cp',
      ...inOrder(wish, urlOf(wish)),
    ],
    environment: awsVariables(wish, credentials),
  };
}

/** Source, then destination. */
function inOrder({ operation, object }: CopyWish, remote: string): [string, string] {
  return operation === 'upload' ? [object.path, remote] : [remote, object.path];
}

function urlOf({ bucket, object }: CopyWish): string {
  return `s3://${bucket}/${object.key}`;
}

function homeVariables({ home }: CopyWish): Record<string, string> {
  return { HOME: home, LC_ALL: 'C.UTF-8' };
}

function awsVariables(wish: CopyWish, credentials: S3Credentials): Record<string, string> {
  return {
    ...homeVariables(wish),
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: wish.connection.region,
    AWS_DEFAULT_REGION: wish.connection.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...given('AWS_SESSION_TOKEN', credentials.sessionToken),
  };
}

function given(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}
