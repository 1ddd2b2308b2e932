import { Failure } from '../../errors/failure.js';
import { S3Error } from '../protocol/s3-error.js';
import { children, childText, readXml, requiredText, type XmlNode } from '../protocol/xml-reader.js';
import { element, tag, xmlDocument, type Xml } from '../protocol/xml-writer.js';
import type { DeleteOutcome } from '../storage/storage.js';
import { requireBucket } from './bucket-access.js';
import { deleteCondition } from './conditions.js';
import { readDocument } from './read-document.js';
import { xmlReply, type Operation, type S3Request } from './request.js';

const MAX_KEYS = 1000;

interface Target {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly etag: string | undefined;
}

export const deleteObjects: Operation = {
  name: 'DeleteObjects',
  async run(request) {
    requireBucket(request);
    const document = readXml(await readDocument(request, 'with-digest'), 'Delete');
    const targets = children(document, 'Object').map(readTarget);
    if (targets.length === 0 || targets.length > MAX_KEYS) throw new S3Error('MalformedXML');
    const quiet = childText(document, 'Quiet') === 'true';
    const results: Xml[] = [];
    // One after the other: the same key may be named twice, and then order counts.
    for (const target of targets) results.push(await deleteOne(request, target, quiet));
    return xmlReply(xmlDocument('DeleteResult', ...results));
  },
};

function readTarget(node: XmlNode): Target {
  return {
    key: requiredText(node, 'Key'),
    versionId: childText(node, 'VersionId'),
    etag: childText(node, 'ETag'),
  };
}

async function deleteOne(request: S3Request, target: Target, quiet: boolean): Promise<Xml> {
  const { key, versionId, etag } = target;
  const condition = deleteCondition(etag);
  try {
    const outcome = await request.storage.delete(request.bucket, key, {
      ...(versionId === undefined ? {} : { versionId }),
      ...(condition === undefined ? {} : { condition }),
    });
    return quiet ? '' : element('Deleted', deletedFields(target, outcome));
  } catch (reason) {
    const { code, message } = Failure.from(reason);
    return element(
      'Error',
      tag('Key', key),
      tag('VersionId', versionId),
      tag('Code', code ?? 'InternalError'),
      tag('Message', message),
    );
  }
}

function deletedFields({ key, versionId }: Target, outcome: DeleteOutcome): Xml {
  return [
    tag('Key', key),
    tag('VersionId', versionId),
    outcome.deleteMarker ? tag('DeleteMarker', true) : '',
    outcome.deleteMarker ? tag('DeleteMarkerVersionId', outcome.versionId) : '',
  ].join('');
}
