import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Emulator } from '../emulator.js';

/** A request to be sent as it stands. */
export interface RawRequest {
  readonly method: string;
  /** Encoded, as it goes on the wire. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** @defaultValue `header` */
  readonly sign?: 'header' | 'query' | 'none';
  /** Value of `x-amz-content-sha256`. @defaultValue the hash of the body */
  readonly declared?: string;
}

export interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of the error document; '' where there is none. */
  readonly code: string;
}

/** Sends requests that no SDK would send, signed by the signer of the AWS SDK. */
export class RawClient {
  readonly #emulator: Emulator;
  readonly #signer: SignatureV4;

  constructor(emulator: Emulator) {
    this.#emulator = emulator;
    this.#signer = new SignatureV4({
      service: 's3',
      region: emulator.region,
      credentials: emulator.credentials,
      sha256: NodeSha256,
      uriEscapePath: false,
      applyChecksum: false,
    });
  }

  /** The headers and the target of a request, signed as it asks for. */
  async prepare(request: RawRequest): Promise<{ headers: Record<string, string>; target: string }> {
    const { host, hostname, port } = new URL(this.#emulator.endpoint);
    const declared =
      request.declared ??
      createHash('sha256')
        .update(request.body ?? '')
        .digest('hex');
    const headers: Record<string, string> = { host, ...request.headers };
    if (request.body !== undefined) headers['content-length'] ??= String(Buffer.byteLength(request.body));
    const { method, path, query = {} } = request;
    const unsigned = { method, protocol: 'http:', hostname, port: Number(port), path, query, headers };
    if (request.sign === 'none') return { headers, target: targetOf(path, query) };
    if (request.sign === 'query') {
      const signed = await this.#signer.presign(
        { ...unsigned, headers: { ...headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
        { expiresIn: 60 },
      );
      return { headers, target: targetOf(path, signed.query ?? {}) };
    }
    const signed = await this.#signer.sign({
      ...unsigned,
      headers: { ...headers, 'x-amz-content-sha256': declared },
    });
    return { headers: signed.headers, target: targetOf(path, query) };
  }

  async send(request: RawRequest): Promise<RawReply> {
    const { headers, target } = await this.prepare(request);
    return await this.sendPrepared(request.method, target, headers, request.body);
  }

  sendPrepared(
    method: string,
    target: string,
    headers: Readonly<Record<string, string>>,
    body?: Buffer | string,
    agent?: Agent,
  ): Promise<RawReply> {
    const { hostname, port } = new URL(this.#emulator.endpoint);
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        { hostname, port, method, path: target, headers, agent: agent ?? false },
        (reply) => {
          const pieces: Buffer[] = [];
          reply.on('data', (piece: Buffer) => pieces.push(piece));
          reply.once('error', reject);
          reply.once('end', () => {
            const text = Buffer.concat(pieces).toString();
            const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '';
            resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text, code });
          });
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  }
}

function targetOf(path: string, query: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(query).map(([name, value]) => {
    const encode = (text: string): string =>
      encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
    return value === '' ? encode(name) : `${encode(name)}=${encode(String(value))}`;
  });
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** The shape that the signer wants its hash in. */
class NodeSha256 {
  readonly #hash: { update(bytes: Buffer): unknown; digest(): Buffer };

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new Error('Not used by the signer');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(data);
}
