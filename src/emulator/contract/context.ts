import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { ContractCase, ContractContext, Service } from './contract-case.js';
import { sendRaw } from './raw-request.js';

/** Runs one case in a bucket of its own. */
export async function runCase(service: Service, contractCase: ContractCase): Promise<void> {
  const clients: S3Client[] = [];
  const newClient = (settings: S3ClientConfig): S3Client => {
    const client = new S3Client({ ...settingsOf(service), ...settings });
    clients.push(client);
    return client;
  };
  const s3 = newClient({});
  const bucket = `contract-${randomBytes(6).toString('hex')}`;
  try {
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await contractCase.run(contextOf(service, bucket, s3, newClient));
  } finally {
    await removeBucket(s3, bucket);
    for (const client of clients) client.destroy();
  }
}

function settingsOf(service: Service): S3ClientConfig {
  return {
    endpoint: service.endpoint,
    region: service.region,
    credentials: service.credentials,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  };
}

function contextOf(
  service: Service,
  bucket: string,
  s3: S3Client,
  client: (settings: S3ClientConfig) => S3Client,
): ContractContext {
  return {
    ...{ endpoint: service.endpoint, credentials: service.credentials, region: service.region },
    ...{ bucket, s3, client },
    http: async (request) => await sendRaw(service.endpoint, service.credentials, service.region, request),
    put: async (key, body = key) => {
      const reply = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
      return reply.ETag ?? '';
    },
    text: async (key, versionId) => {
      const reply = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
      return (await reply.Body?.transformToString()) ?? '';
    },
    setVersioning: async (status) => {
      const VersioningConfiguration = { Status: status };
      await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    },
  };
}

/** Versions, markers, uploads, then the bucket; a case may have removed it itself. */
async function removeBucket(s3: S3Client, Bucket: string): Promise<void> {
  try {
    const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    for (const { Key, UploadId } of uploads.Uploads ?? []) {
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
      await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
    await s3.send(new DeleteBucketCommand({ Bucket }));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'NoSuchBucket')) throw error;
  }
}
