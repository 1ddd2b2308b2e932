import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import { Failure } from '../../errors/failure.js';
import type { S3Connection } from '../../s3/connection.js';
import { credentialProvider } from '../../s3/credentials.js';

/** A reply as it came, whatever its status. */
export interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * A signed GET with headers of the caller's own: forms of `Range` that `ObjectStore.get` has no words for.
 *
 * @throws Failure `unreachable` where no reply comes.
 */
export async function rawGet(
  connection: S3Connection,
  bucket: string,
  key: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RawReply> {
  const url = objectUrl(connection, bucket, key);
  const signer = new SignatureV4({
    service: 's3',
    region: connection.region,
    credentials: credentialProvider(connection),
    sha256: NodeSha256,
    uriEscapePath: false,
  });
  const signed = await signer.sign({
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    headers: { host: url.host, ...headers },
  });
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  try {
    const request = send(url, { method: 'GET', headers: signed.headers, signal, agent: false }).end();
    // The one argument of `response` (Node: class http.ClientRequest).
    const [reply] = (await once(request, 'response')) as [IncomingMessage];
    return { status: reply.statusCode ?? 0, headers: reply.headers, body: await buffer(reply) };
  } catch (cause) {
    signal.throwIfAborted();
    throw new Failure('unreachable', `GET ${url.href}: ${Failure.from(cause).message}`, {
      subject: key,
      cause,
    });
  }
}

function objectUrl(connection: S3Connection, bucket: string, key: string): URL {
  const path = key.split('/').map(encodeSegment).join('/');
  const base = new URL(connection.endpoint ?? `https://s3.${connection.region}.amazonaws.com`);
  if (connection.forcePathStyle) return new URL(`/${bucket}/${path}`, base);
  return new URL(`/${path}`, `${base.protocol}//${bucket}.${base.host}`);
}

/** RFC 3986 leaves these four alone in encodeURIComponent; Signature Version 4 wants them encoded. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The shape that the signer wants of a hash, over Node's own. */
class NodeSha256 {
  readonly #hash;

  constructor(secret?: unknown) {
    // The signer gives its keys as text or as bytes.
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {
    throw new Failure('internal', 'A digest of the signer is used once');
  }
}
