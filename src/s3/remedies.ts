import type { FailureKind } from '../errors/failure.js';
import type { ErrorFacts, RequestSubject } from './failures.js';

/** What the user can change, by kind; `undefined` where there is nothing. */
export function remedyFor(kind: FailureKind, facts: ErrorFacts, subject: RequestSubject): string | undefined {
  const region = regionRemedy(facts);
  if (region !== undefined) return region;
  if (facts.isParseError) return `Check that ${endpointOf(subject)} is the address of an S3 service`;
  if (kind === 'bad-signature') return signatureRemedy(facts);
  if (kind === 'unreachable') return unreachableRemedy(facts, subject);
  if (kind === 'no-credentials' && facts.code !== 'CredentialsProviderError') {
    return 'The session has run out: sign in again (aws sso login) or renew the session token';
  }
  const bucket = subject.bucket ?? 'the bucket';
  return FIXED[kind]?.replaceAll('BUCKET', bucket).replaceAll('ENDPOINT', endpointOf(subject));
}

const FIXED: Readonly<Partial<Record<FailureKind, string>>> = {
  'missing-bucket': 'Check the name BUCKET and the endpoint, or create the bucket first',
  'no-credentials':
    'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws/credentials (AWS_PROFILE)',
  denied: 'The credentials are known but lack the right: check the IAM policy and the policy of BUCKET',
  'clock-skew':
    'Set the clock of this machine (timedatectl set-ntp true): S3 allows 15 minutes of difference',
  archived: 'Restore the object from its archive class first (objectfs restore s3://BUCKET/KEY)',
  throttled: 'Send fewer requests at a time: lower transfer.connections',
  timeout: 'Check the network to ENDPOINT, or lower transfer.connections on a slow link',
  reset: 'Check the network to ENDPOINT, and whether a proxy in between cuts connections',
  'bucket-exists': 'Choose another bucket name',
  'bucket-not-empty': 'Remove its objects, versions and uploads first',
};

function endpointOf(subject: RequestSubject): string {
  return subject.endpoint ?? 'the AWS endpoint of the region';
}

/** AWS says in the message, and some replies in the code alone, that the request went to the wrong region. */
function regionRemedy(facts: ErrorFacts): string | undefined {
  const expecting = /expecting '([a-z0-9-]+)'/.exec(facts.message)?.[1];
  if (expecting !== undefined) return `The bucket is in another region: use --region ${expecting}`;
  const moved = facts.code === 'PermanentRedirect' || facts.code === 'TemporaryRedirect';
  if (moved || facts.status === 301 || facts.code === 'IllegalLocationConstraintException') {
    return 'The bucket is in another region: set --region to its region';
  }
  return undefined;
}

function signatureRemedy(facts: ErrorFacts): string {
  if (facts.code === 'InvalidAccessKeyId')
    return 'The access key is not known there: check AWS_ACCESS_KEY_ID';
  return 'Check that the secret key (AWS_SECRET_ACCESS_KEY) belongs to the access key';
}

function unreachableRemedy(facts: ErrorFacts, subject: RequestSubject): string {
  const endpoint = endpointOf(subject);
  if (facts.code?.startsWith('HPE_') === true) return `${endpoint} does not speak HTTP: check --endpoint`;
  if (facts.code === 'ENOTFOUND' || facts.code === 'EAI_AGAIN') {
    return `The host name of ${endpoint} is not known: check --endpoint, and forcePathStyle for servers other than AWS`;
  }
  if (/^(ERR_|CERT_|DEPTH|SELF|UNABLE|EPROTO)/.test(facts.code ?? '')) {
    return `TLS with ${endpoint} failed: check http or https in --endpoint, and NODE_EXTRA_CA_CERTS for an own authority`;
  }
  return `Nothing answers at ${endpoint}: check --endpoint, and that the server runs`;
}
