import { quotedEtag } from '../etags.js';
import { toStorageClass } from '../heads.js';
import { decoderFor } from '../listing.js';
import type { ListPage, ObjectStore, OpenUpload } from '../store.js';
import type { LeanCaller } from './caller.js';
import { present } from './headers.js';
import { readXml, type XmlElement } from './xml.js';

type ListingMethods = Pick<ObjectStore, 'list' | 'listUploads'>;

/** The listings of a store; both ask for `encoding-type=url`, as the SDK's do. */
export function listingMethods(caller: LeanCaller): ListingMethods {
  return {
    list: listObjects(caller),
    listUploads: (prefix, { signal } = {}) => listAllUploads(caller, prefix, signal),
  };
}

function listObjects(caller: LeanCaller): ObjectStore['list'] {
  return ({ prefix, delimiter, startAfter, continuationToken, maxKeys, signal } = {}) => {
    const query = present({
      'list-type': '2',
      'encoding-type': 'url',
      prefix,
      delimiter,
      'start-after': startAfter,
      'continuation-token': continuationToken,
      'max-keys': maxKeys === undefined ? undefined : String(maxKeys),
    });
    return caller.ask({ operation: 'ListObjectsV2', method: 'GET', query, signal }, (_reply, text) =>
      pageOf(readXml(text, 'ListBucketResult').content),
    );
  };
}

function pageOf(content: XmlElement): ListPage {
  const decode = decoderFor(content.text('EncodingType'));
  const objects = content.all('Contents').map((entry) => ({
    key: decode(entry.text('Key')),
    sizeBytes: Number(entry.text('Size') ?? 0),
    etag: quotedEtag(entry.text('ETag') ?? ''),
    lastModifiedMs: dateMs(entry.text('LastModified')),
    storageClass: toStorageClass(entry.text('StorageClass')),
  }));
  const commonPrefixes = content.all('CommonPrefixes').map((entry) => decode(entry.text('Prefix')));
  const next = content.text('IsTruncated') === 'true' ? content.text('NextContinuationToken') : undefined;
  return { objects, commonPrefixes, ...(next === undefined ? {} : { continuationToken: next }) };
}

/** Every open multipart upload under `prefix`, over all pages. */
async function listAllUploads(
  caller: LeanCaller,
  prefix: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly OpenUpload[]> {
  const uploads: OpenUpload[] = [];
  let marker: { readonly key: string; readonly uploadId: string | undefined } | undefined;
  for (;;) {
    const query = {
      uploads: undefined,
      ...present({
        'encoding-type': 'url',
        prefix,
        'key-marker': marker?.key,
        'upload-id-marker': marker?.uploadId,
      }),
    };
    const request = { operation: 'ListMultipartUploads', method: 'GET', query, signal } as const;
    const content = await caller.ask(
      request,
      (_reply, text) => readXml(text, 'ListMultipartUploadsResult').content,
    );
    const decode = decoderFor(content.text('EncodingType'));
    for (const entry of content.all('Upload')) {
      const initiatedMs = dateMs(entry.text('Initiated'));
      uploads.push({ key: decode(entry.text('Key')), uploadId: entry.text('UploadId') ?? '', initiatedMs });
    }
    // A server that says "truncated" without a new marker would be asked for ever.
    const nextKey = content.text('NextKeyMarker');
    const next = { key: decode(nextKey), uploadId: content.text('NextUploadIdMarker') };
    const isStuck = next.key === marker?.key && next.uploadId === marker.uploadId;
    if (content.text('IsTruncated') !== 'true' || nextKey === undefined || isStuck) return uploads;
    marker = next;
  }
}

function dateMs(text: string | undefined): number {
  return text === undefined ? 0 : Date.parse(text);
}
