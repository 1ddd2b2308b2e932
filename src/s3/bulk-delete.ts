import pLimit from 'p-limit';
import type { S3 } from '@aws-sdk/client-s3';
import { Failure } from '../errors/failure.js';
import type { S3Caller, SendOptions } from './caller.js';
import type { DeleteProblem } from './store.js';

/** A key, or one version of it. */
export interface DeleteTarget {
  readonly key: string;
  readonly versionId?: string;
}

/** Enough to hide the round trip, few enough for a server that is already in trouble. */
const SINGLE_DELETES_IN_FLIGHT = 8;

/** The two requests that delete. */
export interface DeleteRequests {
  /** DeleteObjects; answers with what it could not delete. */
  many(targets: readonly DeleteTarget[]): Promise<readonly DeleteProblem[]>;
  /** DeleteObject. */
  one(target: DeleteTarget): Promise<unknown>;
}

/** {@link deleteTargets} by the SDK. */
export function deleteBatch(
  caller: S3Caller,
  bucket: string,
  targets: readonly DeleteTarget[],
  signal: AbortSignal | undefined,
): Promise<readonly DeleteProblem[]> {
  const requests: DeleteRequests = {
    many: (batch) => deleteInOneRequest(caller, bucket, batch, signal),
    one(target) {
      const subject = caller.about('DeleteObject', bucket, target.key);
      const { Key, VersionId } = toIdentifier(target);
      const input = { Bucket: bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) };
      return caller.call(subject, signal, (client, options) => client.deleteObject(input, options));
    },
  };
  return deleteTargets(requests, targets);
}

/**
 * Deletes up to 1,000 keys or versions: DeleteObjects where it can carry the keys, single requests for keys that XML
 * 1.0 can not write (section 2.2) and where the server refuses the batch as such.
 *
 * @returns what could not be deleted and why.
 */
export async function deleteTargets(
  requests: DeleteRequests,
  targets: readonly DeleteTarget[],
): Promise<readonly DeleteProblem[]> {
  const batch = targets.filter(({ key }) => isXmlText(key));
  const singles = targets.filter(({ key }) => !isXmlText(key));
  const problems = batch.length === 0 ? [] : await manyOrEach(requests, batch);
  return [...problems, ...(await deleteOneByOne(requests, singles))];
}

async function manyOrEach(
  requests: DeleteRequests,
  batch: readonly DeleteTarget[],
): Promise<readonly DeleteProblem[]> {
  try {
    return await requests.many(batch);
  } catch (reason) {
    const failure = Failure.from(reason);
    if (!isBatchRefused(failure)) throw failure;
    return deleteOneByOne(requests, batch);
  }
}

async function deleteInOneRequest(
  caller: S3Caller,
  bucket: string,
  targets: readonly DeleteTarget[],
  signal: AbortSignal | undefined,
): Promise<readonly DeleteProblem[]> {
  const objects = targets.map(toIdentifier);
  const send = (client: S3, options: SendOptions) =>
    client.deleteObjects({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }, options);
  const reply = await caller.call(caller.about('DeleteObjects', bucket), signal, send);
  return (reply.Errors ?? []).map((problem) => ({
    key: problem.Key ?? '',
    code: problem.Code ?? 'Unknown',
    message: problem.Message ?? '',
  }));
}

async function deleteOneByOne(
  requests: DeleteRequests,
  targets: readonly DeleteTarget[],
): Promise<readonly DeleteProblem[]> {
  const limit = pLimit(SINGLE_DELETES_IN_FLIGHT);
  const deleteOne = async (target: DeleteTarget): Promise<readonly DeleteProblem[]> => {
    try {
      await requests.one(target);
      return [];
    } catch (reason) {
      const failure = Failure.from(reason);
      if (failure.kind === 'cancelled') throw failure;
      return [{ key: target.key, code: failure.code ?? failure.kind, message: failure.message }];
    }
  };
  const results = await Promise.all(targets.map((target) => limit(() => deleteOne(target))));
  return results.flat();
}

function toIdentifier({ key, versionId }: DeleteTarget): { Key: string; VersionId?: string } {
  return versionId === undefined ? { Key: key } : { Key: key, VersionId: versionId };
}

/** The server does not know the batch or can not read it; not: it is busy, or the caller lacks a right. */
function isBatchRefused(failure: Failure): boolean {
  return (
    failure.kind === 'unsupported' || failure.kind === 'invalid-request' || failure.code === 'MalformedXML'
  );
}

/** Carriage returns are valid but read back as line feeds (XML 1.0 section 2.11). */
function isXmlText(key: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return !/[\0-\x08\x0b-\x1f\ufffe\uffff]/.test(key);
}
