import type { GetOptions, ObjectBody, ObjectStore } from '../s3/store.js';
import type { Pacer } from './pacing.js';

/**
 * A store whose object bodies pay for their bytes at a pacer, for those who send single requests instead of transfers (a
 * mount). A range and what is sent waits before its request; a whole object, whose size only its reply tells, before its
 * body is read.
 *
 * @param pacer - Best that of the transfers beside it; without one the store stays as it is.
 */
export function withCeiling(store: ObjectStore, pacer: Pacer | undefined): ObjectStore {
  if (pacer === undefined) return store;
  return {
    ...store,
    async get(key, options) {
      await pacer.take(rangeBytes(options), options?.signal);
      const read = await store.get(key, options);
      if (options?.range !== undefined) return read;
      try {
        await pacer.take(read.head.sizeBytes, options?.signal);
      } catch (reason) {
        read.body.destroy();
        throw reason;
      }
      return read;
    },
    async put(key, body, options) {
      await pacer.take(bodyBytes(body, options?.sizeBytes), options?.signal);
      return store.put(key, body, options);
    },
    async uploadPart(key, uploadId, partNumber, body, options) {
      await pacer.take(bodyBytes(body, options?.sizeBytes), options?.signal);
      return store.uploadPart(key, uploadId, partNumber, body, options);
    },
  };
}

function rangeBytes(options: GetOptions | undefined): number {
  return options?.range === undefined ? 0 : options.range.lastByte - options.range.firstByte + 1;
}

function bodyBytes(body: ObjectBody, sizeBytes = 0): number {
  return body instanceof Uint8Array ? body.byteLength : sizeBytes;
}
