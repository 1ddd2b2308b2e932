import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { S3Credentials } from '../../s3/connection.js';
import { SignatureV4 } from '@smithy/signature-v4';

export interface RawRequest {
  /** @defaultValue GET */
  readonly method?: string;
  /** Signed in place of `method`, to see it refused. */
  readonly signedMethod?: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** @defaultValue `header` */
  readonly sign?: 'header' | 'query' | 'none';
  /** Time of the signature. @defaultValue now */
  readonly signedAt?: Date;
  /** Validity of a signature in the query. @defaultValue 60 */
  readonly expiresInS?: number;
  /** Changes a signed request before it is sent. */
  readonly tamper?: (headers: Record<string, string>) => void;
}

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** `<Code>` of an error reply. */
  readonly code: string | undefined;
}

/** The checksum interface of the signer over node:crypto. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new Error('not used by the signer');
  }
}

function bytesOf(source: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof source === 'string') return Buffer.from(source);
  if (source instanceof ArrayBuffer) return Buffer.from(source);
  return Buffer.from(source.buffer, source.byteOffset, source.byteLength);
}

/** Sends one request by node:http, so that nothing an SDK adds or mends is between the case and the server. */
export async function sendRaw(
  endpoint: string,
  credentials: S3Credentials,
  region: string,
  request: RawRequest,
): Promise<RawReply> {
  const url = new URL(endpoint);
  const signed = await sign(url, credentials, region, request);
  request.tamper?.(signed.headers);
  const query = Object.entries(signed.query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  const path = query === '' ? request.path : `${request.path}?${query}`;
  return await new Promise((resolve, reject) => {
    const options = { method: request.method ?? 'GET', headers: signed.headers, path, agent: false };
    const sent = httpRequest(url, options, (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('error', reject);
      reply.on('end', () => {
        const body = Buffer.concat(chunks);
        // Repeated headers do not matter to any case; only Set-Cookie is a list in node:http.
        const headers = reply.headers as Record<string, string | undefined>;
        const code = /<Code>([^<]*)<\/Code>/.exec(body.toString('utf8'))?.[1];
        resolve({ status: reply.statusCode ?? 0, headers, body, code });
      });
    });
    sent.on('error', reject);
    sent.end(request.body);
  });
}

async function sign(
  url: URL,
  credentials: S3Credentials,
  region: string,
  request: RawRequest,
): Promise<{ headers: Record<string, string>; query: Record<string, string> }> {
  const { body, path } = request;
  const method = request.signedMethod ?? request.method ?? 'GET';
  const query = { ...request.query };
  const headers: Record<string, string> = {
    host: url.host,
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...request.headers,
  };
  if (request.sign === 'none') return { headers, query };
  const signer = new SignatureV4({
    ...{ service: 's3', region, credentials, sha256: Sha256, uriEscapePath: false },
  });
  const message = { method, protocol: url.protocol, hostname: url.hostname, path, query, headers, body };
  const at = request.signedAt ?? new Date();
  if (request.sign !== 'query') {
    return withText(await signer.sign(message, { signingDate: at }), query);
  }
  const presign = { signingDate: at, expiresIn: request.expiresInS ?? 60 };
  return withText(
    await signer.presign(
      { ...message, headers: { ...headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
      presign,
    ),
    query,
  );
}

function withText(
  signed: { readonly headers: Record<string, string>; readonly query?: Record<string, unknown> },
  query: Record<string, string>,
): { headers: Record<string, string>; query: Record<string, string> } {
  const added = Object.entries(signed.query ?? {}).map(([name, value]) => [name, String(value)] as const);
  return { headers: signed.headers, query: { ...query, ...Object.fromEntries(added) } };
}
