import { S3Error } from '../protocol/s3-error.js';
import { element, tag, xmlDocument, type Xml } from '../protocol/xml-writer.js';
import type { VersionListEntry, VersionListResult } from '../storage/storage.js';
import { requireBucket } from './bucket-access.js';
import { ownerElement } from './list-objects.js';
import { pageSize, readListParameters, type ListParameters } from './list-parameters.js';
import { xmlReply, type Operation, type S3Request } from './request.js';

export const listObjectVersions: Operation = {
  name: 'ListObjectVersions',
  run(request) {
    requireBucket(request);
    const parameters = readListParameters(request, 'max-keys');
    const page = versionPage(request, parameters);
    const { encode, delimiter } = parameters;
    const { nextKeyMarker } = page;
    return Promise.resolve(
      xmlReply(
        xmlDocument(
          'ListVersionsResult',
          tag('Name', request.bucket),
          tag('Prefix', encode(parameters.prefix)),
          tag('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
          tag('KeyMarker', encode(request.head.parameter('key-marker') ?? '')),
          tag('VersionIdMarker', request.head.parameter('version-id-marker') ?? ''),
          tag('MaxKeys', parameters.maxKeys),
          tag('EncodingType', parameters.encodingType),
          tag('IsTruncated', page.truncated),
          tag('NextKeyMarker', nextKeyMarker === undefined ? undefined : encode(nextKeyMarker)),
          tag('NextVersionIdMarker', page.nextVersionIdMarker),
          ...page.entries.map((entry) => listedVersion(entry, parameters)),
        ),
      ),
    );
  },
};

function versionPage(request: S3Request, parameters: ListParameters): VersionListResult {
  const { prefix, delimiter } = parameters;
  const keyMarker = request.head.parameter('key-marker') ?? '';
  const versionIdMarker = request.head.parameter('version-id-marker') ?? '';
  if (versionIdMarker !== '' && keyMarker === '') {
    throw new S3Error('InvalidArgument', {
      message: 'A version-id marker cannot be specified without a key marker.',
      details: { ArgumentName: 'version-id-marker', ArgumentValue: versionIdMarker },
    });
  }
  const maxKeys = pageSize(parameters);
  if (maxKeys === 0) return { entries: [], truncated: false };
  return request.storage.listVersions(request.bucket, {
    prefix,
    delimiter,
    keyMarker,
    versionIdMarker,
    maxKeys,
  });
}

function listedVersion(entry: VersionListEntry, { encode }: ListParameters): Xml {
  if (entry.kind === 'prefix') return element('CommonPrefixes', tag('Prefix', encode(entry.prefix)));
  const { version, isLatest } = entry;
  return element(
    version.deleteMarker ? 'DeleteMarker' : 'Version',
    tag('Key', encode(version.key)),
    tag('VersionId', version.versionId),
    tag('IsLatest', isLatest),
    tag('LastModified', new Date(version.lastModifiedMs).toISOString()),
    ...(version.deleteMarker
      ? []
      : [
          tag('ETag', `"${version.etag}"`),
          tag('ChecksumAlgorithm', version.checksum?.algorithm),
          tag('ChecksumType', version.checksum?.type),
          tag('Size', version.sizeBytes),
          tag('StorageClass', version.storageClass),
        ]),
    ownerElement(),
  );
}
