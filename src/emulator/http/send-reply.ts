import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Reply } from '../operations/request.js';
import type { ReplyIds } from './error-reply.js';

/** What the server calls itself in `Server`. */
const SERVER_NAME = 'ObjectFS-S3';

/**
 * Sends a reply, at the speed of the client.
 *
 * @param withoutBody - For HEAD: the headers only.
 * @returns bytes of the body that were given to the connection.
 */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  ids: ReplyIds,
  nowMs: number,
  withoutBody: boolean,
): Promise<number> {
  const headers = outgoingHeaders(reply, ids, nowMs);
  const { body } = reply;
  if (typeof body === 'object' && !withoutBody) {
    response.writeHead(reply.status, headers);
    await pipeline(body, response);
    return Number(reply.headers['content-length'] ?? 0);
  }
  if (typeof body === 'object') body.destroy();
  const text = typeof body === 'string' && !withoutBody ? Buffer.from(body) : undefined;
  if (text !== undefined) headers['content-length'] = String(text.length);
  else if (reply.status === 200 && headers['content-length'] === undefined) headers['content-length'] = '0';
  response.writeHead(reply.status, headers);
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.end(text, resolve);
  });
  return text?.length ?? 0;
}

function outgoingHeaders(reply: Reply, ids: ReplyIds, nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {
    'x-amz-id-2': ids.hostId,
    'x-amz-request-id': ids.requestId,
    date: new Date(nowMs).toUTCString(),
    server: SERVER_NAME,
  };
  for (const [name, value] of Object.entries(reply.headers)) if (value !== undefined) headers[name] = value;
  return headers;
}
