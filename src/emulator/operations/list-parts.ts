import { element, tag, xmlDocument, type Xml } from '../protocol/xml-writer.js';
import type { UploadPart } from '../storage/storage.js';
import { ownerElement } from './list-objects.js';
import { integerParameter } from './list-parameters.js';
import { xmlReply, type Operation } from './request.js';
import { requireUpload } from './uploads.js';

const PAGE_LIMIT = 1000;

export const listParts: Operation = {
  name: 'ListParts',
  run(request) {
    const upload = requireUpload(request);
    const marker = integerParameter(request, 'part-number-marker') ?? 0;
    const maxParts = integerParameter(request, 'max-parts') ?? PAGE_LIMIT;
    const following = request.storage.listParts(upload).filter(({ partNumber }) => partNumber > marker);
    const page = following.slice(0, Math.min(maxParts, PAGE_LIMIT));
    return Promise.resolve(
      xmlReply(
        xmlDocument(
          'ListPartsResult',
          tag('Bucket', upload.bucket),
          tag('Key', upload.key),
          tag('UploadId', upload.uploadId),
          ownerElement('Initiator'),
          ownerElement(),
          tag('StorageClass', upload.storageClass),
          tag('PartNumberMarker', marker),
          tag('NextPartNumberMarker', page.at(-1)?.partNumber ?? 0),
          tag('MaxParts', maxParts),
          tag('IsTruncated', page.length > 0 && page.length < following.length),
          tag('ChecksumAlgorithm', upload.checksumAlgorithm),
          tag('ChecksumType', upload.checksumType),
          ...page.map(listedPart),
        ),
      ),
    );
  },
};

function listedPart(part: UploadPart): Xml {
  const { checksum } = part;
  return element(
    'Part',
    tag('PartNumber', part.partNumber),
    tag('LastModified', new Date(part.lastModifiedMs).toISOString()),
    tag('ETag', `"${part.etag}"`),
    checksum === undefined ? '' : tag(`Checksum${checksum.algorithm}`, checksum.value),
    tag('Size', part.sizeBytes),
  );
}
