import { S3Error } from '../protocol/s3-error.js';
import { childText, readXml } from '../protocol/xml-reader.js';
import { element, tag, xmlDocument } from '../protocol/xml-writer.js';
import { checkBucketName, requireBucket } from './bucket-access.js';
import { readDocument } from './read-document.js';
import { emptyReply, OWNER, xmlReply, type Operation, type S3Request } from './request.js';

/** The region whose buckets have an empty location, for reasons of history. */
const FIRST_REGION = 'us-east-1';

export const listBuckets: Operation = {
  name: 'ListBuckets',
  run(request) {
    const buckets = request.storage
      .listBuckets()
      .map((bucket) =>
        element(
          'Bucket',
          tag('Name', bucket.name),
          tag('CreationDate', new Date(bucket.createdMs).toISOString()),
        ),
      );
    const owner = element('Owner', tag('ID', OWNER.id), tag('DisplayName', OWNER.displayName));
    return Promise.resolve(
      xmlReply(xmlDocument('ListAllMyBucketsResult', owner, element('Buckets', ...buckets))),
    );
  },
};

export const createBucket: Operation = {
  name: 'CreateBucket',
  async run(request) {
    checkBucketName(request.bucket);
    await checkLocation(request);
    const exists = request.storage.findBucket(request.bucket) !== undefined;
    // S3 answers a repeated creation by the owner with success in its first region, and only there.
    if (!exists || request.region !== FIRST_REGION) {
      await request.storage.createBucket(request.bucket, request.region);
    }
    return emptyReply(200, { location: `/${request.bucket}` });
  },
};

async function checkLocation(request: S3Request): Promise<void> {
  const text = (request.body.sizeBytes ?? 0) === 0 ? '' : await readDocument(request);
  const constraint =
    text === '' ? undefined : childText(readXml(text, 'CreateBucketConfiguration'), 'LocationConstraint');
  if (constraint === FIRST_REGION) {
    throw new S3Error('InvalidLocationConstraint', { details: { LocationConstraint: constraint } });
  }
  const wanted = constraint === undefined || constraint === '' ? FIRST_REGION : constraint;
  if (wanted === request.region) return;
  throw new S3Error('IllegalLocationConstraintException', {
    message: `The ${constraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  });
}

export const headBucket: Operation = {
  name: 'HeadBucket',
  run(request) {
    const bucket = requireBucket(request);
    return Promise.resolve(emptyReply(200, { 'x-amz-bucket-region': bucket.region }));
  },
};

export const deleteBucket: Operation = {
  name: 'DeleteBucket',
  async run(request) {
    requireBucket(request);
    await request.storage.deleteBucket(request.bucket);
    return emptyReply(204);
  },
};

export const getBucketLocation: Operation = {
  name: 'GetBucketLocation',
  run(request) {
    const { region } = requireBucket(request);
    return Promise.resolve(
      xmlReply(xmlDocument('LocationConstraint', region === FIRST_REGION ? '' : region)),
    );
  },
};
