import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Context } from '../context.js';
import { RESERVED_NAME } from '../names.js';
import { moveKeys } from './move-keys.js';

const intentSchema = z.object({
  version: z.literal(1),
  operation: z.literal('rename-directory'),
  /** Both end with `/`. */
  from: z.string().endsWith('/'),
  to: z.string().endsWith('/'),
});
type Intent = z.infer<typeof intentSchema>;

/** Says in S3 what is about to happen, so that the next mount can finish it. */
export async function recordIntent(context: Context, from: string, to: string): Promise<string> {
  const key = `${intentsPrefix(context)}${randomUUID()}.json`;
  const intent: Intent = { version: 1, operation: 'rename-directory', from, to };
  await context.store.put(key, Buffer.from(JSON.stringify(intent)), {
    headers: { contentType: 'application/json' },
  });
  return key;
}

/** Finishes what an earlier mount began. What can not be finished now stays recorded, and the log says so. */
export async function finishIntents(context: Context): Promise<void> {
  if (context.mount.readOnly) return;
  const page = await context.store.list({ prefix: intentsPrefix(context) });
  for (const { key } of page.objects) {
    try {
      await finishIntent(context, key);
    } catch (error) {
      context.log.error({ key, err: error }, 'an unfinished rename could not be finished');
    }
  }
}

async function finishIntent(context: Context, key: string): Promise<void> {
  const { body } = await context.store.get(key);
  const parsed: unknown = JSON.parse(await text(body));
  const { from, to } = intentSchema.parse(parsed);
  await moveKeys(context, from, to);
  await context.store.delete(key);
  context.log.info({ from, to }, 'finished a directory rename of an earlier mount');
}

function intentsPrefix(context: Context): string {
  return `${context.prefix}${RESERVED_NAME}/intents/`;
}
