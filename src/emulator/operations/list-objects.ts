import { S3Error } from '../protocol/s3-error.js';
import { element, tag, xmlDocument, type Xml } from '../protocol/xml-writer.js';
import type { ListResult, ObjectVersion } from '../storage/storage.js';
import { requireBucket } from './bucket-access.js';
import { pageSize, readListParameters, type ListParameters } from './list-parameters.js';
import { OWNER, xmlReply, type Operation, type S3Request } from './request.js';

export const listObjects: Operation = {
  name: 'ListObjects',
  run(request) {
    requireBucket(request);
    const parameters = readListParameters(request, 'max-keys');
    const marker = request.head.parameter('marker') ?? '';
    const page = listPage(request, parameters, marker);
    // Only a folded listing needs it: otherwise the last key is the next marker.
    const nextMarker = page.truncated && parameters.delimiter !== '' ? page.next : undefined;
    return Promise.resolve(
      xmlReply(
        xmlDocument(
          'ListBucketResult',
          commonFields(request, parameters, page),
          tag('Marker', parameters.encode(marker)),
          tag('NextMarker', nextMarker === undefined ? undefined : parameters.encode(nextMarker)),
          listedEntries(page, parameters, true),
        ),
      ),
    );
  },
};

export const listObjectsV2: Operation = {
  name: 'ListObjectsV2',
  run(request) {
    requireBucket(request);
    const parameters = readListParameters(request, 'max-keys');
    const startAfter = request.head.parameter('start-after');
    const token = request.head.parameter('continuation-token');
    const after = token === undefined ? (startAfter ?? '') : readToken(token);
    const page = listPage(request, parameters, after);
    return Promise.resolve(
      xmlReply(
        xmlDocument(
          'ListBucketResult',
          commonFields(request, parameters, page),
          tag('KeyCount', page.entries.length),
          tag('ContinuationToken', token),
          tag('NextContinuationToken', page.truncated ? makeToken(page.next ?? '') : undefined),
          tag('StartAfter', startAfter === undefined ? undefined : parameters.encode(startAfter)),
          listedEntries(page, parameters, request.head.parameter('fetch-owner') === 'true'),
        ),
      ),
    );
  },
};

function listPage(request: S3Request, parameters: ListParameters, after: string): ListResult {
  const { prefix, delimiter } = parameters;
  const maxKeys = pageSize(parameters);
  // A page of nothing is never truncated, or a client that follows it would not end.
  if (maxKeys === 0) return { entries: [], truncated: false };
  return request.storage.list(request.bucket, { prefix, delimiter, after, maxKeys });
}

function commonFields(request: S3Request, parameters: ListParameters, page: ListResult): Xml {
  const { delimiter } = parameters;
  return [
    tag('Name', request.bucket),
    tag('Prefix', parameters.encode(parameters.prefix)),
    tag('Delimiter', delimiter === '' ? undefined : parameters.encode(delimiter)),
    tag('MaxKeys', parameters.maxKeys),
    tag('EncodingType', parameters.encodingType),
    tag('IsTruncated', page.truncated),
  ].join('');
}

function listedEntries(page: ListResult, parameters: ListParameters, withOwner: boolean): Xml {
  const contents: Xml[] = [];
  const prefixes: Xml[] = [];
  for (const entry of page.entries) {
    if (entry.kind === 'object')
      contents.push(element('Contents', listedObject(entry.version, parameters, withOwner)));
    else prefixes.push(element('CommonPrefixes', tag('Prefix', parameters.encode(entry.prefix))));
  }
  return contents.join('') + prefixes.join('');
}

function listedObject(version: ObjectVersion, parameters: ListParameters, withOwner: boolean): Xml {
  return [
    tag('Key', parameters.encode(version.key)),
    tag('LastModified', new Date(version.lastModifiedMs).toISOString()),
    tag('ETag', `"${version.etag}"`),
    tag('ChecksumAlgorithm', version.checksum?.algorithm),
    tag('ChecksumType', version.checksum?.type),
    tag('Size', version.sizeBytes),
    tag('StorageClass', version.storageClass),
    withOwner ? ownerElement() : '',
  ].join('');
}

export function ownerElement(name = 'Owner'): Xml {
  return element(name, tag('ID', OWNER.id), tag('DisplayName', OWNER.displayName));
}

/** Opaque to clients, which must not build one themselves: hence the mark in front. */
const TOKEN_MARK = '1:';

function makeToken(after: string): string {
  return Buffer.from(TOKEN_MARK + after).toString('base64url');
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (text.startsWith(TOKEN_MARK)) return text.slice(TOKEN_MARK.length);
  throw new S3Error('InvalidArgument', {
    message: 'The continuation token provided is incorrect',
    details: { ArgumentName: 'continuation-token' },
  });
}
