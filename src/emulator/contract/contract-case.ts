import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Credentials } from '../../s3/connection.js';
import type { RawReply, RawRequest } from './raw-request.js';

/** A service under contract. */
export interface Service {
  readonly endpoint: string;
  readonly credentials: S3Credentials;
  readonly region: string;
}

/** What a case works with: a service, and a bucket of its own that is removed with all that is in it. */
export interface ContractContext extends Service {
  readonly bucket: string;
  /** Path style, one attempt, no checksums unless an operation requires one. */
  readonly s3: S3Client;
  /** A client with other settings; closed with the case. */
  readonly client: (settings: S3ClientConfig) => S3Client;
  /** Plain HTTP to the service, signed unless told otherwise. `path` begins with `/` and is encoded already. */
  readonly http: (request: RawRequest) => Promise<RawReply>;
  /** PutObject of `body` under `key` in the case's bucket; answers with the ETag. */
  readonly put: (key: string, body?: string | Uint8Array) => Promise<string>;
  /** The whole object as text. */
  readonly text: (key: string, versionId?: string) => Promise<string>;
  readonly setVersioning: (status: 'Enabled' | 'Suspended') => Promise<void>;
}

/** One sentence of the contract, and what proves it. */
export interface ContractCase {
  /** Stable name, `area/what`. */
  readonly id: string;
  readonly says: string;
  /**
   * Why Ceph RGW 16.2 is known to differ. On RGW the case is then run to see that it still differs, and counts as
   * "expected difference", never as passed; agreement is reported as a failure of this declaration.
   */
  readonly rgw?: string;
  readonly run: (context: ContractContext) => Promise<void>;
}

/** Status and code of the error that an SDK call ends with. */
export interface SdkError {
  readonly status: number | undefined;
  readonly code: string;
}

/** Awaits the refusal of an SDK call. */
export async function refusalOf(call: Promise<unknown>): Promise<SdkError> {
  let error: unknown;
  try {
    await call;
  } catch (reason) {
    error = reason;
  }
  if (typeof error !== 'object' || error === null || !('name' in error)) {
    throw new Error('the call was answered with success');
  }
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? Number(metadata.httpStatusCode)
      : undefined;
  return { status, code: String(error.name) };
}
