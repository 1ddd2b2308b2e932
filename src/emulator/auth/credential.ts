import { S3Error, type S3ErrorCode } from '../protocol/s3-error.js';
import type { RequestHead } from '../protocol/request-head.js';
import { ALGORITHM, parseBasicTime, type CredentialScope } from './signing.js';

/** What a request claims about its signature, before anything is checked against a secret. */
export interface SignatureClaim {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  readonly sessionToken: string | undefined;
  /** Lifetime in seconds of a presigned URL; absent where the signature is in the header. */
  readonly expiresSeconds?: number;
}

/**
 * Reads the signature of a request from the `Authorization` header or from the query of a presigned URL.
 *
 * @throws S3Error `AccessDenied` for an anonymous request, or the code for what is malformed.
 */
export function readClaim(head: RequestHead): SignatureClaim {
  const authorization = head.header('authorization');
  const presigned = head.hasParameter('X-Amz-Algorithm') || head.hasParameter('X-Amz-Signature');
  if (authorization !== undefined && presigned) {
    throw new S3Error('InvalidArgument', {
      message:
        'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      details: { ArgumentName: 'Authorization', ArgumentValue: ALGORITHM },
    });
  }
  if (authorization !== undefined) return headerClaim(head, authorization);
  if (presigned) return queryClaim(head);
  if (head.hasParameter('Signature') && head.hasParameter('AWSAccessKeyId')) throw oldSignature();
  throw new S3Error('AccessDenied');
}

function oldSignature(): S3Error {
  return new S3Error('InvalidRequest', {
    message: `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
  });
}

function headerClaim(head: RequestHead, authorization: string): SignatureClaim {
  if (!authorization.startsWith(`${ALGORITHM} `)) {
    if (/^AWS[ 4]/.test(authorization)) throw oldSignature();
    throw new S3Error('InvalidArgument', {
      message: 'Unsupported Authorization Type',
      details: { ArgumentName: 'Authorization', ArgumentValue: authorization.slice(0, 32) },
    });
  }
  const fields = new Map<string, string>();
  for (const part of authorization.slice(ALGORITHM.length + 1).split(',')) {
    const [name, value] = splitOnce(part.trim(), '=');
    fields.set(name, value);
  }
  const malformed = 'AuthorizationHeaderMalformed';
  const credential = parseCredential(required(fields.get('Credential'), 'Credential', malformed), malformed);
  const signedHeaders = required(fields.get('SignedHeaders'), 'SignedHeaders', malformed);
  const signature = required(fields.get('Signature'), 'Signature', malformed);
  const timestamp = headerTimestamp(head);
  if (credential.scope.date !== timestamp.slice(0, 8))
    throw wrongDate(credential.scope.date, timestamp, malformed);
  return {
    ...credential,
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    sessionToken: head.header('x-amz-security-token'),
  };
}

function headerTimestamp(head: RequestHead): string {
  const amzDate = head.header('x-amz-date');
  if (amzDate !== undefined && !Number.isNaN(parseBasicTime(amzDate))) return amzDate;
  const date = Date.parse(head.header('date') ?? '');
  if (amzDate === undefined && !Number.isNaN(date)) {
    return new Date(date).toISOString().replace(/[-:]|\.\d{3}/g, '');
  }
  throw new S3Error('AccessDenied', {
    message: 'AWS authentication requires a valid Date or x-amz-date header',
  });
}

function queryClaim(head: RequestHead): SignatureClaim {
  const malformed = 'AuthorizationQueryParametersError';
  const take = (name: string): string => required(head.parameter(name), name, malformed);
  if (take('X-Amz-Algorithm') !== ALGORITHM) {
    throw new S3Error(malformed, { message: `X-Amz-Algorithm only supports "${ALGORITHM}"` });
  }
  const credential = parseCredential(take('X-Amz-Credential'), malformed);
  const timestamp = take('X-Amz-Date');
  if (Number.isNaN(parseBasicTime(timestamp))) {
    throw new S3Error(malformed, {
      message: "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
    });
  }
  if (credential.scope.date !== timestamp.slice(0, 8))
    throw wrongDate(credential.scope.date, timestamp, malformed);
  return {
    ...credential,
    signedHeaders: take('X-Amz-SignedHeaders').split(';'),
    signature: take('X-Amz-Signature'),
    timestamp,
    sessionToken: head.parameter('X-Amz-Security-Token'),
    expiresSeconds: parseExpiry(take('X-Amz-Expires')),
  };
}

/** A presigned URL lives 1 second to 7 days. */
function parseExpiry(text: string): number {
  const malformed = 'AuthorizationQueryParametersError';
  if (!/^-?\d+$/.test(text)) throw new S3Error(malformed, { message: 'X-Amz-Expires should be a number' });
  const seconds = Number(text);
  if (seconds < 0) throw new S3Error(malformed, { message: 'X-Amz-Expires must be non-negative' });
  if (seconds > 604_800) {
    throw new S3Error(malformed, {
      message:
        'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    });
  }
  return seconds;
}

function parseCredential(
  text: string,
  malformed: S3ErrorCode,
): { readonly accessKeyId: string; readonly scope: CredentialScope } {
  const parts = text.split('/');
  const [terminator, service, region, date] = [...parts].reverse();
  const accessKeyId = parts.slice(0, -4).join('/');
  if (!accessKeyId || !date || !region || !service || !terminator) {
    throw new S3Error(malformed, {
      message: `The Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`,
    });
  }
  if (service !== 's3') {
    throw new S3Error(malformed, {
      message: `The Credential is mal-formed; incorrect service "${service}". This endpoint belongs to "s3".`,
    });
  }
  if (terminator !== 'aws4_request') {
    throw new S3Error(malformed, {
      message: `The Credential is mal-formed; incorrect terminal "${terminator}". This endpoint uses "aws4_request".`,
    });
  }
  return { accessKeyId, scope: { date, region, service } };
}

function wrongDate(date: string, timestamp: string, malformed: S3ErrorCode): S3Error {
  return new S3Error(malformed, {
    message: `Invalid credential date "${date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
  });
}

function required(value: string | undefined, name: string, malformed: S3ErrorCode): string {
  if (value !== undefined && value !== '') return value;
  throw new S3Error(malformed, { message: `The signature of the request is missing ${name}.` });
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
