import { createStore } from '../s3/client.js';
import type { Need } from './api/case.js';
import type { UnmetNeed } from './api/protocol.js';
import { rawGet } from './api/raw-request.js';
import type { Endpoint } from './endpoint-wish.js';

/** Something that a server is known to do otherwise than S3 does. */
export interface ServerDifference {
  readonly need: Need;
  readonly header: string;
  readonly ifRange?: string;
  /** What S3 answers. */
  readonly status: number;
}

/**
 * By what servers call themselves, see `serverHeader`. A difference that is not declared here fails its case: S3 itself
 * and the embedded server are never excused.
 */
export const KNOWN_DIFFERENCES: ReadonlyMap<string, readonly ServerDifference[]> = new Map([
  [
    'Ceph RGW',
    [
      { need: 'range-suffix-of-none', header: 'bytes=-0', status: 416 },
      { need: 'range-first-after-last', header: 'bytes=20-10', status: 200 },
      { need: 'range-no-numbers', header: 'bytes=a-b', status: 200 },
      { need: 'range-several', header: 'bytes=0-1,4-5', status: 200 },
      { need: 'range-if-range', header: 'bytes=0-1', ifRange: '"of another version"', status: 200 },
    ],
  ],
]);

const PROBE_KEY = 'objectfs-range-probe';

/**
 * The needs that a server is known not to meet, each tried in `bucket`: one that a newer version of the server meets
 * is met. Leaves nothing in the bucket.
 *
 * @throws Failure where the server does not answer.
 */
export async function unmetByEndpoint(
  { connection, server }: Pick<Endpoint, 'connection' | 'server'>,
  bucket: string,
  signal: AbortSignal,
): Promise<readonly UnmetNeed[]> {
  const known = KNOWN_DIFFERENCES.get(server) ?? [];
  if (known.length === 0) return [];
  const store = createStore(connection, bucket);
  try {
    await store.put(PROBE_KEY, Buffer.alloc(1000, 'x'), { signal });
    const unmet: UnmetNeed[] = [];
    for (const { need, header, ifRange, status } of known) {
      const headers = { range: header, ...(ifRange === undefined ? {} : { 'if-range': ifRange }) };
      const reply = await rawGet(connection, bucket, PROBE_KEY, headers, signal);
      if (reply.status === status) continue;
      const reason = `${server} answers "Range: ${header}"${ifRange === undefined ? '' : ' with an If-Range of another version'} with ${reply.status}, where S3 answers ${status}`;
      unmet.push({ need, state: 'skipped', reason });
    }
    return unmet;
  } finally {
    await store.delete(PROBE_KEY).catch(() => undefined);
    store.close();
  }
}
