import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Sample } from '../report/model.js';
import { CONNECTION_TAKEN, type ConnectionTaken } from '../s3/lean/http/pool.js';

/** Node.js documentation, diagnostics_channel: a reply to a request of the built-in client, which the SDK uses. */
const NODE_REPLY = 'http.client.response.finish';

/**
 * Counts the requests of this thread while `run` lasts, by whether their connection was opened for them: those of the lean
 * client as they take it, those of the SDK as they are answered.
 */
export async function countConnections<T>(
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly connections: NonNullable<Sample['connections']> }> {
  const connections = { opened: 0, reused: 0 };
  const note = (isNew: boolean): void => {
    connections[isNew ? 'opened' : 'reused'] += 1;
  };
  const onTaken = (message: unknown): void => {
    note((message as ConnectionTaken).isNew); // the pool's own
  };
  const onReply = (message: unknown): void => {
    note(!(message as { readonly request: ClientRequest }).request.reusedSocket); // as Node documents it
  };
  subscribe(CONNECTION_TAKEN.name, onTaken);
  subscribe(NODE_REPLY, onReply);
  try {
    return { result: await run(), connections };
  } finally {
    unsubscribe(CONNECTION_TAKEN.name, onTaken);
    unsubscribe(NODE_REPLY, onReply);
  }
}
