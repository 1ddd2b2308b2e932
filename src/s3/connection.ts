import type { Config } from '../config/schema.js';

/** Where an S3 service is and how to speak to it; the resolved `s3` section of the configuration. */
export interface S3Connection {
  /** Absent: AWS itself, at the endpoint of `region`. */
  readonly endpoint?: string;
  readonly region: string;
  /** Absent: the AWS SDK's default credential chain. */
  readonly credentials?: S3Credentials;
  /** `true` puts the bucket into the path; what most servers other than AWS want. */
  readonly forcePathStyle: boolean;
  /** Who speaks HTTP for stores. @defaultValue `lean` for mounts and `objectfs cp`, `sdk` for all else */
  readonly client?: 'sdk' | 'lean';
  /** The kernel's congestion control of its sockets. @defaultValue the kernel's own */
  readonly tcpCongestion?: 'cubic' | 'bbr' | 'reno';
  /** Threads that move large bodies; the lean client only. @defaultValue 0 */
  readonly transferWorkers?: number;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The connection that the `s3` section of the configuration describes. */
export function connectionOf(settings: Config['s3']): S3Connection {
  const { endpoint, region, accessKeyId, secretAccessKey, sessionToken, tcpCongestion } = settings;
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined
      ? undefined
      : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return {
    region,
    forcePathStyle: settings.forcePathStyle ?? endpoint !== undefined,
    ...(tcpCongestion === 'leave' ? {} : { tcpCongestion }),
    ...(settings.client === undefined ? {} : { client: settings.client }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** Transfers of level `aggressive` go over the lean client: it moves several times the bytes per CPU second. */
export function connectionForLevel(
  connection: S3Connection,
  level: Config['transfer']['level'],
): S3Connection {
  return level === 'aggressive' ? { ...connection, client: 'lean' } : connection;
}

/** As {@link connectionForLevel}; transfer workers speak through the lean client only. */
export function connectionForTransfers(
  connection: S3Connection,
  { level, workers }: Pick<Config['transfer'], 'level' | 'workers'>,
): S3Connection {
  return workers > 0
    ? { ...connection, client: 'lean', transferWorkers: workers }
    : connectionForLevel(connection, level);
}

/** Variables of the AWS tools that move requests to other endpoints, which only the SDK knows. */
const ENDPOINT_SWITCHES = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'];

/** The lean client where nobody chose one, but for those whom the environment sends to endpoints of the SDK. */
export function preferLean(
  connection: S3Connection,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): S3Connection {
  const needsSdk = ENDPOINT_SWITCHES.some((name) => environment[name]?.toLowerCase() === 'true');
  return { client: needsSdk ? 'sdk' : 'lean', ...connection };
}
