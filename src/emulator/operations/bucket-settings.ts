import { S3Error } from '../protocol/s3-error.js';
import { childText, readXml } from '../protocol/xml-reader.js';
import { tag, xmlDocument } from '../protocol/xml-writer.js';
import { requireBucket } from './bucket-access.js';
import { checkLifecycle } from './lifecycle.js';
import { readDocument } from './read-document.js';
import type { BucketSettings } from '../storage/storage.js';
import { emptyReply, xmlReply, type Operation } from './request.js';
import { BUCKET_TAG_LIMIT, taggingXml, tagsFromXml } from './tags.js';

export const getBucketVersioning: Operation = {
  name: 'GetBucketVersioning',
  run(request) {
    const { versioning } = requireBucket(request);
    const status = versioning === 'Disabled' ? undefined : versioning;
    return Promise.resolve(xmlReply(xmlDocument('VersioningConfiguration', tag('Status', status))));
  },
};

export const putBucketVersioning: Operation = {
  name: 'PutBucketVersioning',
  async run(request) {
    requireBucket(request);
    const configuration = readXml(await readDocument(request), 'VersioningConfiguration');
    if (childText(configuration, 'MfaDelete') === 'Enabled') {
      throw new S3Error('NotImplemented', { message: 'MFA delete is not implemented by this server' });
    }
    const status = childText(configuration, 'Status');
    if (status === undefined) throw new S3Error('IllegalVersioningConfigurationException');
    if (status !== 'Enabled' && status !== 'Suspended') throw new S3Error('MalformedXML');
    await request.storage.updateBucket(request.bucket, (current) => ({ ...current, versioning: status }));
    return emptyReply(200);
  },
};

export const getBucketTagging: Operation = {
  name: 'GetBucketTagging',
  run(request) {
    const { tags } = requireBucket(request);
    if (tags === undefined) throw new S3Error('NoSuchTagSet', { details: { BucketName: request.bucket } });
    return Promise.resolve(xmlReply(taggingXml(tags)));
  },
};

export const putBucketTagging: Operation = {
  name: 'PutBucketTagging',
  async run(request) {
    requireBucket(request);
    const tags = tagsFromXml(await readDocument(request, 'with-digest'), BUCKET_TAG_LIMIT);
    await request.storage.updateBucket(request.bucket, (current) => ({ ...current, tags }));
    return emptyReply(204);
  },
};

export const deleteBucketTagging: Operation = {
  name: 'DeleteBucketTagging',
  async run(request) {
    requireBucket(request);
    await request.storage.updateBucket(request.bucket, (current) => without(current, 'tags'));
    return emptyReply(204);
  },
};

export const getBucketLifecycle: Operation = {
  name: 'GetBucketLifecycleConfiguration',
  run(request) {
    const { lifecycle } = requireBucket(request);
    if (lifecycle === undefined) {
      throw new S3Error('NoSuchLifecycleConfiguration', { details: { BucketName: request.bucket } });
    }
    return Promise.resolve(xmlReply(lifecycle));
  },
};

export const putBucketLifecycle: Operation = {
  name: 'PutBucketLifecycleConfiguration',
  async run(request) {
    requireBucket(request);
    const lifecycle = await readDocument(request, 'with-digest');
    checkLifecycle(lifecycle);
    await request.storage.updateBucket(request.bucket, (current) => ({ ...current, lifecycle }));
    return emptyReply(200);
  },
};

export const deleteBucketLifecycle: Operation = {
  name: 'DeleteBucketLifecycle',
  async run(request) {
    requireBucket(request);
    await request.storage.updateBucket(request.bucket, (current) => without(current, 'lifecycle'));
    return emptyReply(204);
  },
};

function without(current: BucketSettings, name: 'tags' | 'lifecycle'): BucketSettings {
  const { versioning, tags, lifecycle } = current;
  return {
    versioning,
    ...(tags === undefined || name === 'tags' ? {} : { tags }),
    ...(lifecycle === undefined || name === 'lifecycle' ? {} : { lifecycle }),
  };
}
