import { Failure } from '../../errors/failure.js';

/** S3: NoSuchBucket. */
export function noSuchBucket(bucket: string): Failure {
  return new Failure('missing-bucket', 'The specified bucket does not exist', {
    subject: bucket,
    code: 'NoSuchBucket',
    status: 404,
  });
}

/** S3: NoSuchKey, or NoSuchVersion where a version was named. */
export function noSuchKey(key: string, versionId?: string): Failure {
  return versionId === undefined
    ? new Failure('missing', 'The specified key does not exist.', {
        subject: key,
        code: 'NoSuchKey',
        status: 404,
      })
    : new Failure('missing', 'The specified version does not exist.', {
        subject: `${key}?versionId=${versionId}`,
        code: 'NoSuchVersion',
        status: 404,
      });
}

/** S3: NoSuchUpload. */
export function noSuchUpload(uploadId: string): Failure {
  return new Failure(
    'missing-upload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { subject: uploadId, code: 'NoSuchUpload', status: 404 },
  );
}

/** S3: BucketAlreadyOwnedByYou. */
export function bucketExists(bucket: string): Failure {
  return new Failure(
    'bucket-exists',
    'Your previous request to create the named bucket succeeded and you already own it.',
    {
      subject: bucket,
      code: 'BucketAlreadyOwnedByYou',
      status: 409,
    },
  );
}

/** S3: BucketNotEmpty. */
export function bucketNotEmpty(bucket: string): Failure {
  return new Failure('bucket-not-empty', 'The bucket you tried to delete is not empty', {
    subject: bucket,
    code: 'BucketNotEmpty',
    status: 409,
  });
}

/** A 400 with the given S3 code. */
export function invalidRequest(code: string, message: string, subject: string): Failure {
  return new Failure('invalid-request', message, { subject, code, status: 400 });
}
