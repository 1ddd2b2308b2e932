import type { ObjectVersion } from '../storage/storage.js';
import { requireBucket } from './bucket-access.js';
import { requireVersion } from './find-object.js';
import { versionHeader } from './object-headers.js';
import { readDocument } from './read-document.js';
import { emptyReply, xmlReply, type Operation, type S3Request } from './request.js';
import { OBJECT_TAG_LIMIT, taggingXml, tagsFromXml, type Tags } from './tags.js';

export const getObjectTagging: Operation = {
  name: 'GetObjectTagging',
  run(request) {
    const bucket = requireBucket(request);
    const version = addressed(request);
    return Promise.resolve(
      xmlReply(taggingXml(version.tags), { 'x-amz-version-id': versionHeader(bucket, version) }),
    );
  },
};

export const putObjectTagging: Operation = {
  name: 'PutObjectTagging',
  async run(request) {
    const tags = tagsFromXml(await readDocument(request), OBJECT_TAG_LIMIT);
    return emptyReply(200, await replaceTags(request, tags));
  },
};

export const deleteObjectTagging: Operation = {
  name: 'DeleteObjectTagging',
  async run(request) {
    return emptyReply(204, await replaceTags(request, {}));
  },
};

function addressed(request: S3Request): ObjectVersion {
  const versionId = request.head.parameter('versionId');
  return requireVersion(request, requireBucket(request), { ...request, versionId });
}

async function replaceTags(
  request: S3Request,
  tags: Tags,
): Promise<Readonly<Record<string, string | undefined>>> {
  const bucket = requireBucket(request);
  addressed(request);
  const versionId = request.head.parameter('versionId');
  const version = await request.storage.setTags(bucket.name, request.key, versionId, tags);
  return { 'x-amz-version-id': versionHeader(bucket, version) };
}
