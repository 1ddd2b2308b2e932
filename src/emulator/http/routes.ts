import {
  deleteBucketLifecycle,
  deleteBucketTagging,
  getBucketLifecycle,
  getBucketTagging,
  getBucketVersioning,
  putBucketLifecycle,
  putBucketTagging,
  putBucketVersioning,
} from '../operations/bucket-settings.js';
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  headBucket,
  listBuckets,
} from '../operations/buckets.js';
import { completeMultipartUpload } from '../operations/complete-upload.js';
import { copyObject } from '../operations/copy-object.js';
import { deleteObject } from '../operations/delete-object.js';
import { deleteObjects } from '../operations/delete-objects.js';
import { getObject, headObject } from '../operations/get-object.js';
import { listObjects, listObjectsV2 } from '../operations/list-objects.js';
import { listParts } from '../operations/list-parts.js';
import { listObjectVersions } from '../operations/list-versions.js';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from '../operations/object-tagging.js';
import { putObject } from '../operations/put-object.js';
import type { Operation } from '../operations/request.js';
import { uploadPart, uploadPartCopy } from '../operations/upload-part.js';
import { restoreObject } from '../operations/restore-object.js';
import { abortMultipartUpload, createMultipartUpload, listMultipartUploads } from '../operations/uploads.js';

export type Level = 'service' | 'bucket' | 'object';

/** What a request must have beside level and method. */
export interface RouteNeeds {
  /** Parameters that must be there; with a value where one is given. */
  readonly parameters?: readonly string[];
  /** A header that must be there. */
  readonly header?: string;
}

/** A request goes to the first route that fits. */
export interface Route extends RouteNeeds {
  readonly level: Level;
  readonly method: string;
  readonly operation: Operation;
}

function route(level: Level, method: string, needs: RouteNeeds, operation: Operation): Route {
  return { level, method, operation, ...needs };
}

const COPY = { header: 'x-amz-copy-source' };

export const ROUTES: readonly Route[] = [
  route('service', 'GET', {}, listBuckets),

  route('bucket', 'GET', { parameters: ['location'] }, getBucketLocation),
  route('bucket', 'GET', { parameters: ['versioning'] }, getBucketVersioning),
  route('bucket', 'PUT', { parameters: ['versioning'] }, putBucketVersioning),
  route('bucket', 'GET', { parameters: ['tagging'] }, getBucketTagging),
  route('bucket', 'PUT', { parameters: ['tagging'] }, putBucketTagging),
  route('bucket', 'DELETE', { parameters: ['tagging'] }, deleteBucketTagging),
  route('bucket', 'GET', { parameters: ['lifecycle'] }, getBucketLifecycle),
  route('bucket', 'PUT', { parameters: ['lifecycle'] }, putBucketLifecycle),
  route('bucket', 'DELETE', { parameters: ['lifecycle'] }, deleteBucketLifecycle),
  route('bucket', 'GET', { parameters: ['uploads'] }, listMultipartUploads),
  route('bucket', 'GET', { parameters: ['versions'] }, listObjectVersions),
  route('bucket', 'POST', { parameters: ['delete'] }, deleteObjects),
  route('bucket', 'GET', { parameters: ['list-type=2'] }, listObjectsV2),
  route('bucket', 'GET', {}, listObjects),
  route('bucket', 'PUT', {}, createBucket),
  route('bucket', 'HEAD', {}, headBucket),
  route('bucket', 'DELETE', {}, deleteBucket),

  route('object', 'GET', { parameters: ['tagging'] }, getObjectTagging),
  route('object', 'PUT', { parameters: ['tagging'] }, putObjectTagging),
  route('object', 'DELETE', { parameters: ['tagging'] }, deleteObjectTagging),
  route('object', 'POST', { parameters: ['restore'] }, restoreObject),
  route('object', 'POST', { parameters: ['uploads'] }, createMultipartUpload),
  route('object', 'GET', { parameters: ['uploadId'] }, listParts),
  route('object', 'PUT', { parameters: ['uploadId', 'partNumber'], ...COPY }, uploadPartCopy),
  route('object', 'PUT', { parameters: ['uploadId', 'partNumber'] }, uploadPart),
  route('object', 'POST', { parameters: ['uploadId'] }, completeMultipartUpload),
  route('object', 'DELETE', { parameters: ['uploadId'] }, abortMultipartUpload),
  route('object', 'PUT', COPY, copyObject),
  route('object', 'PUT', {}, putObject),
  route('object', 'GET', {}, getObject),
  route('object', 'HEAD', {}, headObject),
  route('object', 'DELETE', {}, deleteObject),
];
