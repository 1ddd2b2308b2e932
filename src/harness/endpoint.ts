import {
  startEmulatorProcess,
  type EmulatorProcess,
  type EmulatorProcessOptions,
} from '../emulator/child.js';
import type { LinkProfile } from '../emulator/link/profile.js';
import { profileOf } from '../emulator/link/profile-file.js';
import { LOOPBACK, profileForRegion } from '../emulator/link/profiles.js';
import { deadline } from '../errors/deadline.js';
import { Failure, usageError } from '../errors/failure.js';
import { createBucketAdmin } from '../s3/admin.js';
import { connectionOf, type S3Connection } from '../s3/connection.js';
import { resolveCredentials } from '../s3/credentials.js';
import { endpointName } from './endpoint-name.js';
import type { Endpoint, EndpointWish } from './endpoint-wish.js';
import { serverHeader } from './server-header.js';

const PROBE_LIMIT_MS = 20_000;

export interface EndpointOptions {
  /** Link of the embedded server where the wish names neither link nor region. @defaultValue `loopback` */
  readonly defaultLink?: LinkProfile;
  /** For tests of the suites: the embedded server with planted defects. */
  readonly planted?: string;
}

/**
 * Opens the S3 service of a run. In this order: a link profile by name is the embedded server behind that link; an
 * endpoint is used as it is; a region is AWS where credentials can be resolved, else the embedded server behind the
 * link of that region; nothing is the embedded server.
 *
 * @throws Failure `usage` for a wish that contradicts itself, `no-credentials` where AWS is required and can not be
 * used, and what the endpoint answers where it refuses credentials or can not be reached.
 */
export async function openEndpoint(
  wish: EndpointWish,
  signal: AbortSignal,
  options: EndpointOptions = {},
): Promise<Endpoint> {
  const endpoint = await openWished(wish, signal, options);
  const { client, tcpCongestion } = connectionOf(wish.settings);
  const wished = {
    ...(client === undefined ? {} : { client }),
    ...(tcpCongestion === undefined ? {} : { tcpCongestion }),
  };
  return { ...endpoint, connection: { ...endpoint.connection, ...wished } };
}

async function openWished(
  wish: EndpointWish,
  signal: AbortSignal,
  options: EndpointOptions,
): Promise<Endpoint> {
  const connection = connectionOf(wish.settings);
  refuseContradictions(wish, connection);
  if (wish.link !== undefined) {
    const profile = profileOf(wish.link);
    const reason = `The link profile ${profile.name} was asked for`;
    return openEmbedded(profile, wish.region, reason, signal, options.planted);
  }
  if (connection.endpoint !== undefined) return openExternal(connection, signal);
  if (wish.region !== undefined || wish.requireAws === true) {
    const region = wish.region ?? connection.region;
    const aws = { ...connection, region };
    if ((await resolveCredentials(aws)) !== undefined) return openExternal(aws, signal);
    return simulateRegion(region, wish.requireAws === true, signal);
  }
  return openEmbedded(
    options.defaultLink ?? LOOPBACK,
    undefined,
    'No endpoint and no region were given',
    signal,
  );
}

function refuseContradictions(wish: EndpointWish, connection: S3Connection): void {
  if (wish.link !== undefined && connection.endpoint !== undefined) {
    throw usageError(
      `The link profile "${wish.link}" shapes the embedded server only, but the endpoint ${connection.endpoint} is set`,
      'Leave out --link or --endpoint',
    );
  }
  if (wish.requireAws === true && (wish.link !== undefined || connection.endpoint !== undefined)) {
    throw usageError(
      'AWS is required, but a link profile or another endpoint is set',
      'Leave out one of them',
    );
  }
}

async function simulateRegion(
  region: string,
  isAwsRequired: boolean,
  signal: AbortSignal,
): Promise<Endpoint> {
  if (isAwsRequired) {
    throw new Failure('no-credentials', `No AWS credentials were found for ${region}`, {
      remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or leave out --require-aws',
    });
  }
  const reason = `No AWS credentials were found for ${region}`;
  return openEmbedded(profileForRegion(region), region, reason, signal);
}

async function openExternal(connection: S3Connection, signal: AbortSignal): Promise<Endpoint> {
  const limit = deadline(PROBE_LIMIT_MS, signal);
  const admin = createBucketAdmin(connection);
  try {
    // Refused keys and a wrong address are told now, before anything is made.
    await admin.listBuckets(limit).catch((reason: unknown) => {
      if (Failure.from(reason).kind !== 'denied') throw reason;
    });
  } finally {
    admin.close();
  }
  return {
    connection,
    kind: 'external',
    name: endpointName(connection),
    server: await serverHeader(connection, limit),
    requestCounts: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}

async function openEmbedded(
  profile: LinkProfile,
  region: string | undefined,
  reason: string,
  signal: AbortSignal,
  planted?: string,
): Promise<Endpoint> {
  const emulator = await startServer(
    {
      link: profile,
      ...(region === undefined ? {} : { region }),
      ...(planted === undefined ? {} : { planted }),
    },
    signal,
  );
  const connection: S3Connection = {
    endpoint: emulator.endpoint,
    region: emulator.region,
    credentials: emulator.credentials,
    forcePathStyle: true,
  };
  return {
    connection,
    kind: 'embedded',
    name: endpointName(connection),
    server: 'embedded',
    simulated: { ...(region === undefined ? {} : { region }), profile, reason },
    pid: emulator.pid,
    control: emulator,
    requestCounts: () => emulator.requestCounts(),
    close: () => emulator.close(),
  };
}

/** The signal stops the start only: after Ctrl-C the server must still be there for the clean-up. */
async function startServer(options: EmulatorProcessOptions, signal: AbortSignal): Promise<EmulatorProcess> {
  const starting = new AbortController();
  const stop = (): void => {
    starting.abort(signal.reason);
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await startEmulatorProcess(options, starting.signal);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
