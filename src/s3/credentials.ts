import type { AwsCredentialIdentityProvider } from '@smithy/types';
import type { S3Connection, S3Credentials } from './connection.js';

/** On EC2 the metadata service answers in a few ms; anywhere else nobody answers, and the user waits. */
const METADATA_TIMEOUT_MS = 1_000;

/**
 * The provider that SDK clients ask: the fixed credentials of the connection, else the SDK's default chain
 * (environment, SSO, web identity, shared files, process, container, EC2 metadata), with the metadata service
 * bounded to one try of one second.
 */
export function credentialProvider(connection: S3Connection): AwsCredentialIdentityProvider {
  const fixed = connection.credentials;
  if (fixed !== undefined) return () => Promise.resolve(fixed);
  let chain: Promise<AwsCredentialIdentityProvider> | undefined;
  return async (options) => {
    const early = fromEnvironment(process.env);
    if (early !== undefined) return early;
    chain ??= import('@aws-sdk/credential-provider-node').then((module) =>
      // The files are read anew by each chain: they may have been rotated since the last one.
      module.defaultProvider({ timeout: METADATA_TIMEOUT_MS, maxRetries: 0, ignoreCache: true }),
    );
    return (await chain)(options);
  };
}

/**
 * What the chain itself would find first, so that nobody waits for its modules. It passes the variables over where a
 * profile is named, and knows more of keys that expire.
 */
function fromEnvironment(environment: NodeJS.ProcessEnv): S3Credentials | undefined {
  const {
    AWS_PROFILE: profile,
    AWS_CREDENTIAL_EXPIRATION: expiration,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if ((profile ?? '') !== '' || (expiration ?? '') !== '') return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  if (accessKeyId === '' || secretAccessKey === '') return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined || sessionToken === '' ? {} : { sessionToken }),
  };
}

/**
 * The credentials that requests on this connection would be signed with, or `undefined` where there are none; about
 * one second at most where the metadata service has to be asked.
 *
 * @throws whatever a configured source says (a broken shared file, a failing `credential_process`).
 */
export async function resolveCredentials(connection: S3Connection): Promise<S3Credentials | undefined> {
  try {
    const found = await credentialProvider(connection)();
    return {
      accessKeyId: found.accessKeyId,
      secretAccessKey: found.secretAccessKey,
      ...(found.sessionToken === undefined ? {} : { sessionToken: found.sessionToken }),
    };
  } catch (reason) {
    if (isNoCredentials(reason)) return undefined;
    throw reason;
  }
}

/** The chain's own way to say that no source had anything. */
function isNoCredentials(reason: unknown): boolean {
  return reason instanceof Object && 'name' in reason && reason.name === 'CredentialsProviderError';
}
