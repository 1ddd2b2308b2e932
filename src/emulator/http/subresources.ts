import type { RequestHead } from '../protocol/request-head.js';
import type { Level } from './routes.js';

/**
 * Query parameters that choose another operation than the plain one, with what they add to its name
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html).
 */
const SUBRESOURCES: Readonly<Record<Level, Readonly<Record<string, string>>>> = {
  service: { events: 'Events' },
  bucket: {
    abac: 'BucketAbac',
    accelerate: 'BucketAccelerateConfiguration',
    acl: 'BucketAcl',
    analytics: 'BucketAnalyticsConfiguration',
    cors: 'BucketCors',
    delete: 'Objects',
    encryption: 'BucketEncryption',
    'intelligent-tiering': 'BucketIntelligentTieringConfiguration',
    inventory: 'BucketInventoryConfiguration',
    lifecycle: 'BucketLifecycleConfiguration',
    location: 'BucketLocation',
    logging: 'BucketLogging',
    metadataConfiguration: 'BucketMetadataConfiguration',
    metadataTable: 'BucketMetadataTableConfiguration',
    metrics: 'BucketMetricsConfiguration',
    notification: 'BucketNotificationConfiguration',
    'object-lock': 'ObjectLockConfiguration',
    ownershipControls: 'BucketOwnershipControls',
    policy: 'BucketPolicy',
    policyStatus: 'BucketPolicyStatus',
    publicAccessBlock: 'PublicAccessBlock',
    replication: 'BucketReplication',
    requestPayment: 'BucketRequestPayment',
    session: 'Session',
    tagging: 'BucketTagging',
    uploads: 'MultipartUploads',
    versioning: 'BucketVersioning',
    versions: 'ObjectVersions',
    website: 'BucketWebsite',
  },
  object: {
    acl: 'ObjectAcl',
    annotation: 'ObjectAnnotation',
    attributes: 'ObjectAttributes',
    encryption: 'ObjectEncryption',
    'legal-hold': 'ObjectLegalHold',
    renameObject: 'RenameObject',
    restore: 'Object',
    retention: 'ObjectRetention',
    select: 'ObjectContent',
    tagging: 'ObjectTagging',
    torrent: 'ObjectTorrent',
    uploadId: 'MultipartUpload',
    uploads: 'MultipartUpload',
  },
};

const VERBS: Readonly<Record<string, string>> = { GET: 'Get', PUT: 'Put', DELETE: 'Delete', HEAD: 'Head' };

/**
 * Operations whose names do not follow from verb and noun. A request that lacks what its operation needs (an upload id,
 * a part number) still has the name that S3 gives it.
 */
const NAMES: Readonly<Record<string, string>> = {
  'POST delete': 'DeleteObjects',
  'POST uploads': 'CreateMultipartUpload',
  'POST uploadId': 'CompleteMultipartUpload',
  'PUT uploadId': 'UploadPart',
  'GET uploadId': 'ListParts',
  'DELETE uploadId': 'AbortMultipartUpload',
};

/** The parameter of a request that chooses an operation; absent for the plain ones. */
export function subresourceOf(head: RequestHead, level: Level): string | undefined {
  return head.query.find(({ name }) => Object.hasOwn(SUBRESOURCES[level], name))?.name;
}

/** S3's name of the operation behind a request that no route takes. */
export function unimplementedName(method: string, level: Level, subresource: string): string {
  const noun = SUBRESOURCES[level][subresource] ?? subresource;
  if (subresource === 'restore') return 'RestoreObject';
  if (subresource === 'select') return 'SelectObjectContent';
  if (subresource === 'session') return 'CreateSession';
  if (subresource === 'renameObject') return 'RenameObject';
  const verb = VERBS[method];
  return NAMES[`${method} ${subresource}`] ?? (verb === undefined ? 'Unknown' : `${verb}${noun}`);
}
