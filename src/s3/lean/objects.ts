import { deleteTargets, type DeleteTarget } from '../bulk-delete.js';
import { requireEtag } from '../etags.js';
import { bodyLength, copySource, parseContentRange, refuseWithoutEtag, toWriteResult } from '../objects.js';
import type { DeleteProblem, ObjectStore, ObjectTags } from '../store.js';
import { bodyFailure, type LeanCaller } from './caller.js';
import {
  conditionFields,
  descriptionFields,
  headOf,
  present,
  rangeFields,
  writeResultOf,
} from './headers.js';
import { escapeXml, readXml } from './xml.js';

type ObjectMethods = Pick<ObjectStore, 'head' | 'get' | 'tags' | 'put' | 'delete' | 'deleteMany' | 'copy'>;

/** The single-object requests of a store. */
export function objectMethods(caller: LeanCaller, bucket: string): ObjectMethods {
  return {
    head: headObject(caller),
    get: getObject(caller),
    tags: (key, { signal } = {}) =>
      caller.ask(
        { operation: 'GetObjectTagging', method: 'GET', key, query: { tagging: undefined }, signal },
        (_reply, text) => tagsIn(text),
      ),
    put: putObject(caller),
    delete: (key, { signal } = {}) =>
      caller.ask({ operation: 'DeleteObject', method: 'DELETE', key, signal }, () => undefined),
    deleteMany: (keys, { signal } = {}) =>
      deleteTargets(
        {
          many: (targets) => deleteObjects(caller, targets, signal),
          one: ({ key }) =>
            caller.ask({ operation: 'DeleteObject', method: 'DELETE', key, signal }, () => undefined),
        },
        keys.map((key) => ({ key })),
      ),
    copy: copyObject(caller, bucket),
  };
}

function headObject(caller: LeanCaller): ObjectStore['head'] {
  return (key, { signal, checksum, partNumber, ...conditions } = {}) => {
    const headers = {
      ...conditionFields(conditions),
      ...checksumFields(checksum),
    };
    const query = partNumber === undefined ? {} : { partNumber: String(partNumber) };
    return caller.ask({ operation: 'HeadObject', method: 'HEAD', key, query, headers, signal }, (reply) =>
      headOf(key, reply),
    );
  };
}

function getObject(caller: LeanCaller): ObjectStore['get'] {
  return async (key, { signal, range, checksum, pieceBytes, ...conditions } = {}) => {
    const request = {
      operation: 'GetObject',
      method: 'GET',
      key,
      headers: { ...rangeFields(range), ...checksumFields(checksum), ...conditionFields(conditions) },
      pieceBytes,
      signal,
    } as const;
    const reply = await caller.send(request);
    const sent = parseContentRange(reply.headers['content-range']);
    const body = reply.stream(bodyFailure(caller.about(request)));
    refuseWithoutEtag(reply.headers['etag'], `GetObject ${key}`, body);
    return {
      head: headOf(key, reply),
      body,
      ...(sent === undefined ? {} : { range: sent }),
    };
  };
}

function putObject(caller: LeanCaller): ObjectStore['put'] {
  return async (key, body, options = {}) =>
    caller.ask(
      {
        operation: 'PutObject',
        method: 'PUT',
        key,
        headers: {
          // What the SDK sends where no type is given.
          'content-type': 'application/octet-stream',
          ...descriptionFields(options),
          ...conditionFields(options),
        },
        body,
        bodyBytes: bodyLength(body, options.sizeBytes),
        isObject: true,
        crc32: options.crc32,
        signal: options.signal,
      },
      (reply) => {
        requireEtag(reply.headers['etag'], `PutObject ${key}`);
        return writeResultOf(reply);
      },
    );
}

function copyObject(caller: LeanCaller, bucket: string): ObjectStore['copy'] {
  return (
    sourceKey,
    targetKey,
    { replace, sourceIfMatch, sourceBucket = bucket, signal, storage = {} } = {},
  ) => {
    const headers = {
      ...present({
        'x-amz-copy-source': copySource(sourceBucket, sourceKey),
        'x-amz-copy-source-if-match': sourceIfMatch,
        'x-amz-metadata-directive': replace === undefined ? undefined : 'REPLACE',
        'x-amz-tagging-directive': replace?.tags === undefined ? undefined : 'REPLACE',
      }),
      ...descriptionFields(replace ?? storage),
    };
    const request = { operation: 'CopyObject', method: 'PUT', key: targetKey, headers, signal } as const;
    return caller.ask(request, (reply, text) => {
      const content = resultIn(text, 'CopyObjectResult');
      const modified = content.text('LastModified');
      const copied = writeResultOf(reply, content.text('ETag') ?? '');
      if (modified === undefined) return copied;
      const { modifiedByMs } = toWriteResult({ LastModified: new Date(modified) });
      return modifiedByMs === undefined ? copied : { ...copied, modifiedByMs };
    });
  };
}

function tagsIn(text: string): ObjectTags {
  const set = readXml(text, 'Tagging').content.all('TagSet');
  const tags = set.flatMap((entries) => entries.all('Tag'));
  return Object.fromEntries(tags.map((tag) => [tag.text('Key') ?? '', tag.text('Value') ?? '']));
}

/** A reply of status 200 may turn out to be an error (S3 API reference, CopyObject). */
export function resultIn(text: string, root: string) {
  const { root: found, content } = readXml(text, root, 'Error');
  if (found === root) return content;
  const code = content.text('Code') ?? 'InternalError';
  throw Object.assign(new Error(content.text('Message') ?? code), { name: code });
}

async function deleteObjects(
  caller: LeanCaller,
  targets: readonly DeleteTarget[],
  signal: AbortSignal | undefined,
): Promise<readonly DeleteProblem[]> {
  const objects = targets.map(({ key }) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('');
  const xml = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`;
  return caller.askWithXml(
    { operation: 'DeleteObjects', method: 'POST', query: { delete: undefined }, signal },
    xml,
    (text) =>
      readXml(text, 'DeleteResult')
        .content.all('Error')
        .map((problem) => ({
          key: problem.text('Key') ?? '',
          code: problem.text('Code') ?? 'Unknown',
          message: problem.text('Message') ?? '',
        })),
  );
}

function checksumFields(checksum: boolean | undefined): Record<string, string> {
  return checksum === true ? { 'x-amz-checksum-mode': 'ENABLED' } : {};
}
