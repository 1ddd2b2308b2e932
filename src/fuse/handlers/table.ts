import type { InodeId, Request } from '../../fs/operations.js';
import type { Reply } from '../reply.js';
import { attributeHandlers } from './attributes.js';
import { dataHandlers } from './data.js';
import { directoryHandlers } from './directories.js';
import type { HandlerContext, Handlers, ServedName, ServedOperation } from './handler.js';
import { nameHandlers } from './names.js';

/** Complete by its type: an operation without a handler does not compile. */
const HANDLERS: Handlers<ServedName> = {
  ...nameHandlers,
  ...dataHandlers,
  ...directoryHandlers,
  ...attributeHandlers,
};

/** Serves one operation; whatever goes wrong is a rejection. */
export async function handle(
  context: HandlerContext,
  ino: InodeId,
  operation: ServedOperation,
  request: Request,
): Promise<Reply> {
  // TypeScript does not correlate the key with the argument; the mapped type of the table guarantees it.
  const handler = HANDLERS[operation.op] as (
    context: HandlerContext,
    ino: InodeId,
    operation: ServedOperation,
    request: Request,
  ) => Promise<Reply>;
  return handler(context, ino, operation, request);
}
