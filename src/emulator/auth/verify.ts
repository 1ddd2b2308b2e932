import type { S3Credentials } from '../../s3/connection.js';
import type { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';
import { canonicalRequest, stringToSign } from './canonical-request.js';
import { readClaim, type SignatureClaim } from './credential.js';
import type { Guest } from './guest.js';
import { readPayload, type Payload } from './payload.js';
import { deriveSigningKey, parseBasicTime, sameSignature, scopeText, signatureOf } from './signing.js';

/** S3 refuses requests whose clock is further off than this. */
export const MAX_SKEW_MS = 15 * 60 * 1000;

/** Whom the server knows and when it is. */
export interface Verifier {
  readonly credentials: S3Credentials;
  /** Known beside `credentials`. */
  readonly guest?: Guest;
  readonly region: string;
  readonly nowMs: () => number;
}

/**
 * Verifies Signature Version 4 of a request, in the `Authorization` header or in the query.
 *
 * @returns what the signature says about the body, still to be verified while the body is read.
 * @throws S3Error with the code of S3 for whatever is wrong.
 */
export function verifyRequest(head: RequestHead, verifier: Verifier): Payload {
  const claim = readClaim(head);
  checkScope(claim, verifier.region);
  checkTime(claim, verifier.nowMs());
  const { secretAccessKey } = credentialsOf(claim, verifier);
  checkSignedHeaders(head, claim);
  const declared = declaredPayload(head, claim);
  const scope = scopeText(claim.scope);
  const signingKey = deriveSigningKey(secretAccessKey, claim.scope);
  const canonical = canonicalRequest(head, claim.signedHeaders, declared);
  const text = stringToSign(claim.timestamp, scope, canonical);
  if (!sameSignature(signatureOf(signingKey, text), claim.signature)) throw mismatch(claim, text, canonical);
  const context = { signingKey, timestamp: claim.timestamp, scope };
  return readPayload(declared, { context, seedSignature: claim.signature });
}

function checkScope(claim: SignatureClaim, region: string): void {
  if (claim.scope.region === region) return;
  const details = { Region: region };
  throw claim.expiresSeconds === undefined
    ? new S3Error('AuthorizationHeaderMalformed', {
        message: `The authorization header is malformed; the region '${claim.scope.region}' is wrong; expecting '${region}'`,
        details,
      })
    : new S3Error('AuthorizationQueryParametersError', {
        message: `Error parsing the X-Amz-Credential parameter; the region '${claim.scope.region}' is wrong; expecting '${region}'`,
        details,
      });
}

function checkTime(claim: SignatureClaim, nowMs: number): void {
  const signedMs = parseBasicTime(claim.timestamp);
  const serverTime = new Date(nowMs).toISOString();
  if (claim.expiresSeconds === undefined) {
    if (Math.abs(nowMs - signedMs) <= MAX_SKEW_MS) return;
    throw new S3Error('RequestTimeTooSkewed', {
      details: {
        RequestTime: claim.timestamp,
        ServerTime: serverTime,
        MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
      },
    });
  }
  if (signedMs - nowMs > MAX_SKEW_MS) {
    throw new S3Error('AccessDenied', {
      message: 'Request is not yet valid',
      details: { 'X-Amz-Date': claim.timestamp, ServerTime: serverTime },
    });
  }
  const expiresMs = signedMs + claim.expiresSeconds * 1000;
  if (nowMs <= expiresMs) return;
  throw new S3Error('AccessDenied', {
    message: 'Request has expired',
    details: {
      'X-Amz-Expires': String(claim.expiresSeconds),
      Expires: new Date(expiresMs).toISOString(),
      ServerTime: serverTime,
    },
  });
}

function credentialsOf(
  { accessKeyId, sessionToken }: SignatureClaim,
  { credentials, guest }: Verifier,
): S3Credentials {
  const known = [credentials, guest?.credentials].find((each) => each?.accessKeyId === accessKeyId);
  if (known === undefined) {
    if (guest?.hasExpired(accessKeyId) === true) throw new S3Error('ExpiredToken');
    throw new S3Error('InvalidAccessKeyId', { details: { AWSAccessKeyId: accessKeyId } });
  }
  if (sessionToken !== known.sessionToken) throw new S3Error('InvalidToken');
  return known;
}

/** `host` and every `x-amz-` header must be under the signature, or someone between could add them. */
function checkSignedHeaders(head: RequestHead, claim: SignatureClaim): void {
  const signed = new Set(claim.signedHeaders);
  const open = [...head.headers.names()].filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name),
  );
  if (open.length === 0) return;
  throw new S3Error('AccessDenied', {
    message: 'There were headers present in the request which were not signed',
    details: { HeadersNotSigned: open.join(', ') },
  });
}

function declaredPayload(head: RequestHead, claim: SignatureClaim): string {
  const declared = head.header('x-amz-content-sha256') ?? head.parameter('X-Amz-Content-Sha256');
  if (declared !== undefined) return declared;
  if (claim.expiresSeconds !== undefined) return 'UNSIGNED-PAYLOAD';
  throw new S3Error('InvalidRequest', {
    message: 'Missing required header for this request: x-amz-content-sha256',
  });
}

function mismatch(claim: SignatureClaim, text: string, canonical: string): S3Error {
  return new S3Error('SignatureDoesNotMatch', {
    details: {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: text,
      SignatureProvided: claim.signature,
      CanonicalRequest: canonical,
    },
  });
}
