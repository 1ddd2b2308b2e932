import { Failure } from '../errors/failure.js';
import type { S3Caller } from './caller.js';
import { toStorageClass } from './heads.js';
import { quotedEtag } from './etags.js';
import type { ListPage, ObjectStore, OpenUpload } from './store.js';

type ListingMethods = Pick<ObjectStore, 'list' | 'listUploads'>;

/**
 * The listings of a store. Both ask for `encoding-type=url`, because XML 1.0 has no way to write most control
 * characters, which are valid in keys.
 */
export function listingMethods(caller: S3Caller, bucket: string): ListingMethods {
  return {
    list: listObjects(caller, bucket),
    listUploads: (prefix, options = {}) => listAllUploads(caller, bucket, prefix, options.signal),
  };
}

function listObjects(caller: S3Caller, bucket: string): ObjectStore['list'] {
  return async (options = {}) => {
    const { prefix, delimiter, startAfter, continuationToken, maxKeys } = options;
    const reply = await caller.call(caller.about('ListObjectsV2', bucket), options.signal, (client, send) =>
      client.listObjectsV2(
        {
          Bucket: bucket,
          EncodingType: 'url',
          ...(prefix === undefined ? {} : { Prefix: prefix }),
          ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
          ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
          ...(continuationToken === undefined ? {} : { ContinuationToken: continuationToken }),
          ...(maxKeys === undefined ? {} : { MaxKeys: maxKeys }),
        },
        send,
      ),
    );
    // The SDK makes an empty page of an empty reply; every listing says whether it is the last page.
    if (reply.IsTruncated === undefined) {
      throw new Failure('server-error', `ListObjectsV2 ${bucket}: the reply is no listing`);
    }
    const decode = decoderFor(reply.EncodingType);
    const objects = (reply.Contents ?? []).map((entry) => ({
      key: decode(entry.Key),
      sizeBytes: entry.Size ?? 0,
      etag: quotedEtag(entry.ETag ?? ''),
      lastModifiedMs: entry.LastModified?.getTime() ?? 0,
      storageClass: toStorageClass(entry.StorageClass),
    }));
    const commonPrefixes = (reply.CommonPrefixes ?? []).map((entry) => decode(entry.Prefix));
    const next = reply.IsTruncated ? reply.NextContinuationToken : undefined;
    const page: ListPage = { objects, commonPrefixes };
    return next === undefined ? page : { ...page, continuationToken: next };
  };
}

/** Every open multipart upload under `prefix`, over all pages. */
async function listAllUploads(
  caller: S3Caller,
  bucket: string,
  prefix: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly OpenUpload[]> {
  const uploads: OpenUpload[] = [];
  let keyMarker: string | undefined;
  let uploadIdMarker: string | undefined;
  for (;;) {
    const input = {
      Bucket: bucket,
      EncodingType: 'url' as const,
      ...(prefix === undefined ? {} : { Prefix: prefix }),
      ...(keyMarker === undefined ? {} : { KeyMarker: keyMarker }),
      ...(uploadIdMarker === undefined ? {} : { UploadIdMarker: uploadIdMarker }),
    };
    const reply = await caller.call(caller.about('ListMultipartUploads', bucket), signal, (client, send) =>
      client.listMultipartUploads(input, send),
    );
    const decode = decoderFor(reply.EncodingType);
    for (const entry of reply.Uploads ?? []) {
      const initiatedMs = entry.Initiated?.getTime() ?? 0;
      uploads.push({ key: decode(entry.Key), uploadId: entry.UploadId ?? '', initiatedMs });
    }
    // A server that says "truncated" without a new marker would be asked for ever.
    const nextKey = reply.NextKeyMarker === undefined ? undefined : decode(reply.NextKeyMarker);
    const isStuck = nextKey === keyMarker && reply.NextUploadIdMarker === uploadIdMarker;
    if (reply.IsTruncated !== true || nextKey === undefined || isStuck) return uploads;
    keyMarker = nextKey;
    uploadIdMarker = reply.NextUploadIdMarker;
  }
}

/** Keys as the server wrote them: only a reply that says `url` is encoded, and S3 writes a blank as `+`. */
export function decoderFor(encodingType: string | undefined): (value: string | undefined) => string {
  if (encodingType !== 'url') return (value) => value ?? '';
  return (value) => decodeURIComponent((value ?? '').replaceAll('+', '%20'));
}
