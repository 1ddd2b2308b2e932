import { silentLog } from '../../log/log.js';
import type { StoreOptions } from '../client.js';
import type { S3Connection } from '../connection.js';
import type { ObjectBody, ObjectStore } from '../store.js';
import { Crew } from './crew.js';

/** Smaller bodies are moved sooner than a message and its reply cross between threads. */
const LEAST_BODY_BYTES = 2 ** 20;

/**
 * The store with the bodies of its large requests moved by as many threads as `connection` says, each with a lean client
 * of its own: uploads from memory and ranges of 1 MiB and more, uploads while 128 MiB of shared memory last. All else goes
 * through `store`, and everything does when all threads are lost. Failures are those of `store`; a request whose thread is
 * lost fails with `reset`. `close` ends each thread with its last request.
 *
 * @param store - on the same bucket of the same connection, over the lean client.
 */
export function withTransferWorkers(
  store: ObjectStore,
  connection: S3Connection,
  { log = silentLog, ...limits }: StoreOptions,
): ObjectStore {
  const { transferWorkers = 0 } = connection;
  if (transferWorkers === 0) return store;
  const crew = new Crew(connection, store.bucket, transferWorkers, limits, log);
  return {
    ...store,
    ...uploads(store, crew),
    get(key, options = {}) {
      const direct = () => store.get(key, options);
      const { range, pieceBytes } = options;
      const sizeBytes = range === undefined ? 0 : range.lastByte - range.firstByte + 1;
      // The pieces of a mount's cache are small: their messages would cost more than their bytes.
      if (sizeBytes < LEAST_BODY_BYTES || pieceBytes !== undefined) return direct();
      return crew.fetch(key, options, direct);
    },
    // Parts go over the connections of the threads.
    warm: () => undefined,
    takesStreams: () => false,
    close() {
      crew.close();
      store.close();
    },
  };
}

function uploads(store: ObjectStore, crew: Crew): Pick<ObjectStore, 'put' | 'uploadPart'> {
  return {
    put(key, body, options = {}) {
      const direct = () => store.put(key, body, options);
      if (!isLarge(body)) return direct();
      const { signal, ...rest } = options;
      return crew.send({
        ...{ operation: 'PutObject', key, bytes: body, signal, direct },
        request: (shared) => ({ kind: 'put', key, body: shared, options: rest }),
      });
    },
    uploadPart(key, uploadId, partNumber, body, options = {}) {
      const direct = () => store.uploadPart(key, uploadId, partNumber, body, options);
      if (!isLarge(body)) return direct();
      const { signal, ...rest } = options;
      return crew.send({
        ...{ operation: 'UploadPart', key, bytes: body, signal, direct },
        request: (shared) => ({ kind: 'part', key, uploadId, partNumber, body: shared, options: rest }),
      });
    },
  };
}

/** A stream can not cross, and can not be sent again. */
function isLarge(body: ObjectBody): body is Uint8Array {
  return body instanceof Uint8Array && body.byteLength >= LEAST_BODY_BYTES;
}
