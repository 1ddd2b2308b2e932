import { createHash, createHmac } from 'node:crypto';
import type { S3Credentials } from '../../s3/connection.js';
import { sendRaw } from './raw-request.js';

export interface ChunkedPut {
  readonly endpoint: string;
  readonly credentials: S3Credentials;
  readonly region: string;
  readonly path: string;
  readonly chunks: readonly string[];
  /** Changes the framed body after signing; the length must stay. */
  readonly tamper?: (body: string) => string;
}

/**
 * PUT with `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`, framed and signed by hand after "Signature calculations for the
 * Authorization header: transferring payload in multiple chunks". No SDK for JavaScript sends it. Answers the status.
 */
export async function signedChunks(put: ChunkedPut): Promise<number> {
  const decoded = put.chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0);
  const framedBytes = [...put.chunks, ''].reduce((sum, chunk) => {
    const size = Buffer.byteLength(chunk);
    return sum + size.toString(16).length + ';chunk-signature='.length + 64 + 2 + size + 2;
  }, 0);
  // The seed is the signature of the headers, known only when they are signed: the body is filled in then.
  const body = Buffer.alloc(framedBytes);
  const headers = {
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-decoded-content-length': String(decoded),
    'content-encoding': 'aws-chunked',
  };
  const reply = await sendRaw(put.endpoint, put.credentials, put.region, {
    ...{ method: 'PUT', path: put.path, headers, body },
    tamper: (signed) => {
      const seed = /Signature=([0-9a-f]{64})/.exec(signed['authorization'] ?? '')?.[1] ?? '';
      const framed = frame(put, signed['x-amz-date'] ?? '', seed);
      body.write(put.tamper?.(framed) ?? framed);
    },
  });
  return reply.status;
}

function frame(put: ChunkedPut, date: string, seed: string): string {
  const scope = `${date.slice(0, 8)}/${put.region}/s3/aws4_request`;
  const key = ['aws4_request', 's3', put.region, date.slice(0, 8)].reduceRight<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${put.credentials.secretAccessKey}`,
  );
  let previous = seed;
  return [...put.chunks, '']
    .map((chunk) => {
      const lines = ['AWS4-HMAC-SHA256-PAYLOAD', date, scope, previous, sha256(''), sha256(chunk)];
      previous = createHmac('sha256', key).update(lines.join('\n')).digest('hex');
      return `${Buffer.byteLength(chunk).toString(16)};chunk-signature=${previous}\r\n${chunk}\r\n`;
    })
    .join('');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
