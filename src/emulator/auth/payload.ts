import { S3Error } from '../protocol/s3-error.js';
import type { SigningContext } from './signing.js';

/** How the first chunk's signature hangs on the signature of the request. */
export interface ChunkSigning {
  readonly context: SigningContext;
  readonly seedSignature: string;
}

/** What the signature of a request says about its body. */
export type Payload =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'hash'; readonly sha256: string }
  | {
      readonly kind: 'chunked';
      /** Absent: the chunks carry no signatures. */
      readonly signing?: ChunkSigning;
      readonly trailer: boolean;
    };

const CHUNKED: Readonly<Record<string, { readonly signed: boolean; readonly trailer: boolean }>> = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailer: true },
};

/**
 * Reads `x-amz-content-sha256`.
 *
 * @throws S3Error `InvalidArgument` for a word or a length that S3 does not know.
 */
export function readPayload(declared: string, signing: ChunkSigning): Payload {
  if (declared === 'UNSIGNED-PAYLOAD') return { kind: 'unsigned' };
  const chunked = CHUNKED[declared];
  if (chunked !== undefined) {
    return { kind: 'chunked', trailer: chunked.trailer, ...(chunked.signed ? { signing } : {}) };
  }
  if (/^[0-9a-f]{64}$/i.test(declared)) return { kind: 'hash', sha256: declared.toLowerCase() };
  throw new S3Error('InvalidArgument', {
    message: `x-amz-content-sha256 must be UNSIGNED-PAYLOAD, ${Object.keys(CHUNKED).join(', ')} or a valid sha256 value.`,
    details: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: declared },
  });
}
