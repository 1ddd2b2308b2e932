import { Failure } from '../errors/failure.js';
import type { S3Caller } from './caller.js';
import { decoderFor } from './listing.js';

/** A version of an object, or a delete marker. */
export interface ListedVersion {
  readonly key: string;
  /** Absent where the server knows no versions. */
  readonly versionId?: string;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
}

/** Every version and delete marker of a bucket, a page at a time; plain objects where the server knows no versions. */
export async function* listVersionPages(
  caller: S3Caller,
  bucket: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ListedVersion[]> {
  let marker: { readonly key: string; readonly versionId: string | undefined } | undefined;
  for (;;) {
    const page = await versionPage(caller, bucket, marker, signal).catch((reason: unknown) => {
      const failure = Failure.from(reason);
      if (failure.kind === 'unsupported' && marker === undefined) return undefined;
      throw failure;
    });
    if (page === undefined) {
      yield* listPlainObjects(caller, bucket, signal);
      return;
    }
    if (page.versions.length > 0) yield page.versions;
    if (page.next === undefined) return;
    marker = page.next;
  }
}

interface VersionPage {
  readonly versions: readonly ListedVersion[];
  readonly next: { readonly key: string; readonly versionId: string | undefined } | undefined;
}

async function versionPage(
  caller: S3Caller,
  bucket: string,
  marker: VersionPage['next'],
  signal: AbortSignal | undefined,
): Promise<VersionPage> {
  const from = {
    ...(marker === undefined ? {} : { KeyMarker: marker.key }),
    ...(marker?.versionId === undefined ? {} : { VersionIdMarker: marker.versionId }),
  };
  const reply = await caller.call(caller.about('ListObjectVersions', bucket), signal, (client, send) =>
    client.listObjectVersions({ Bucket: bucket, EncodingType: 'url', ...from }, send),
  );
  const decode = decoderFor(reply.EncodingType);
  const toVersion =
    (isDeleteMarker: boolean) =>
    (entry: {
      Key?: string | undefined;
      VersionId?: string | undefined;
      IsLatest?: boolean | undefined;
    }) => ({
      key: decode(entry.Key),
      isLatest: entry.IsLatest ?? false,
      isDeleteMarker,
      ...(entry.VersionId === undefined ? {} : { versionId: entry.VersionId }),
    });
  const versions = [
    ...(reply.Versions ?? []).map(toVersion(false)),
    ...(reply.DeleteMarkers ?? []).map(toVersion(true)),
  ];
  if (reply.IsTruncated !== true || reply.NextKeyMarker === undefined) return { versions, next: undefined };
  const next = { key: decode(reply.NextKeyMarker), versionId: reply.NextVersionIdMarker };
  const isStuck = next.key === marker?.key && next.versionId === marker.versionId;
  return { versions, next: isStuck ? undefined : next };
}

async function* listPlainObjects(
  caller: S3Caller,
  bucket: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ListedVersion[]> {
  let token: string | undefined;
  do {
    const from = token === undefined ? {} : { ContinuationToken: token };
    const reply = await caller.call(caller.about('ListObjectsV2', bucket), signal, (client, send) =>
      client.listObjectsV2({ Bucket: bucket, EncodingType: 'url', ...from }, send),
    );
    const decode = decoderFor(reply.EncodingType);
    const objects = (reply.Contents ?? []).map(({ Key }) => ({
      key: decode(Key),
      isLatest: true,
      isDeleteMarker: false,
    }));
    if (objects.length > 0) yield objects;
    token = reply.IsTruncated === true ? reply.NextContinuationToken : undefined;
  } while (token !== undefined);
}
