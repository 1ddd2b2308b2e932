import type { S3 } from '@aws-sdk/client-s3';

/** By the output that the SDK made of a reply. */
const dates = new WeakMap<object, number>();

/** Keeps the `Date` header of each reply, which the SDK's outputs leave out. */
export function keepReplyDates(client: S3): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      keepReplyDate(result.output, dateHeader(result.response));
      return result;
    },
    { step: 'initialize', priority: 'low', name: 'keepReplyDates' },
  );
}

/** Keeps the `Date` of one reply with what was made of it. */
export function keepReplyDate(output: object, date = ''): void {
  const atMs = Date.parse(date);
  if (!Number.isNaN(atMs)) dates.set(output, atMs);
}

/** Begin of the second, on the server's clock, in which a reply was made; `undefined` where it does not say. */
export function replyDateMs(output: object): number | undefined {
  return dates.get(output);
}

function dateHeader(response: unknown): string {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return '';
  const headers = response.headers as Record<string, string | undefined>; // as every HTTP reply of the SDK
  return headers['date'] ?? '';
}
