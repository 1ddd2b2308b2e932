import { request } from 'undici';
import type { S3Connection } from '../s3/connection.js';

/**
 * What an endpoint calls itself: the `Server` header of its reply to a request without signature, whatever the status.
 * `unknown` where it does not say; never an error, for a report must not fail on it.
 */
export async function serverHeader(connection: S3Connection, signal: AbortSignal): Promise<string> {
  const url = connection.endpoint ?? `https://s3.${connection.region}.amazonaws.com/`;
  try {
    const reply = await request(url, { method: 'HEAD', signal });
    await reply.body.dump();
    const server = reply.headers['server'];
    if (typeof server === 'string' && server !== '') return server;
    const id = reply.headers['x-amz-request-id'];
    // Ceph RGW sends no Server header, but request ids of its own form: tx...-default.
    return typeof id === 'string' && /^tx[0-9a-f]+-/.test(id) ? 'Ceph RGW' : 'unknown';
  } catch {
    return 'unknown';
  }
}
