import { deadline } from '../errors/deadline.js';
import { Failure } from '../errors/failure.js';
import { isAmbiguous, retrying } from './backoff.js';
import type { ObjectStore, OpenUpload } from './store.js';

/** The most that looking for what a lost reply has left may take. */
const LOOK_MS = 10_000;
/** S3 tells when an upload began in whole seconds. */
const RESOLUTION_MS = 1_000;

/** Creates one upload in one or more tries, and aborts what tries whose reply was lost have left on the server. */
export interface UploadCreation {
  /** One try. */
  readonly attempt: () => Promise<string>;
  /**
   * Called once after the last try. Best effort: never throws.
   *
   * @param uploadId - absent where no try was answered.
   * @returns the ids of what may be left, to tell; `unknown` where that could not be found out.
   */
  settle(uploadId: string | undefined): Promise<readonly string[] | 'unknown'>;
}

/** @param options - of each try. */
export function uploadCreation(
  store: ObjectStore,
  key: string,
  options?: Parameters<ObjectStore['createUpload']>[1],
): UploadCreation {
  const startMs = performance.now();
  let lost = 0;
  return {
    async attempt() {
      try {
        return await store.createUpload(key, options);
      } catch (reason) {
        if (isAmbiguous(Failure.from(reason))) lost += 1;
        throw reason;
      }
    },
    async settle(uploadId) {
      if (lost === 0) return [];
      const elapsedMs = performance.now() - startMs;
      return abortLost(store, key, { uploadId, lost, elapsedMs }).catch(() => 'unknown' as const);
    },
  };
}

interface Tries {
  readonly uploadId: string | undefined;
  /** Without a reply. */
  readonly lost: number;
  readonly elapsedMs: number;
}

/** More uploads than lost replies: some are those of others, and nobody can tell which, so none is touched. */
async function abortLost(store: ObjectStore, key: string, tries: Tries): Promise<readonly string[]> {
  const signal = deadline(LOOK_MS);
  const again = <T>(attempt: () => Promise<T>): Promise<T> =>
    retrying(attempt, { signal, policy: { maxAttempts: 2 } });
  const listed = await again(() => store.listUploads(key, { signal }));
  const orphans = begunMeanwhile(
    listed.filter((upload) => upload.key === key),
    tries,
  );
  if (orphans.length > tries.lost) return orphans;
  const left: string[] = [];
  for (const uploadId of orphans) {
    await again(() => store.abortUpload(key, uploadId, { signal })).catch((reason: unknown) => {
      if (Failure.from(reason).kind !== 'missing-upload') left.push(uploadId);
    });
  }
  return left;
}

/** By the server's clock alone: as long before the upload that was answered, else before the newest, as the tries took. */
function begunMeanwhile(uploads: readonly OpenUpload[], { uploadId, elapsedMs }: Tries): readonly string[] {
  const own = uploads.find((upload) => upload.uploadId === uploadId)?.initiatedMs;
  const lastMs = own ?? Math.max(...uploads.map(({ initiatedMs }) => initiatedMs));
  const firstMs = lastMs - elapsedMs - RESOLUTION_MS;
  return uploads
    .filter((upload) => upload.uploadId !== uploadId)
    .filter(({ initiatedMs }) => initiatedMs >= firstMs && initiatedMs <= lastMs + RESOLUTION_MS)
    .map((upload) => upload.uploadId);
}
