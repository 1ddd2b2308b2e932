import { checkKey, requireBucket } from './bucket-access.js';
import { checksumHeaders } from './checksum-headers.js';
import { writeCondition } from './conditions.js';
import { readDescription } from './description.js';
import { encryptionHeaders, versionHeader } from './object-headers.js';
import { emptyReply, type Operation } from './request.js';
import { receiveBody } from './receive-body.js';
import { refuseUnsupported } from './unsupported-headers.js';

export const putObject: Operation = {
  name: 'PutObject',
  async run(request) {
    const { head, storage, key } = request;
    checkKey(key);
    refuseUnsupported(head);
    const bucket = requireBucket(request);
    const description = readDescription(head);
    const condition = writeCondition(head);
    // Seen before the body is received too, so that a client that waits for 100 Continue need not send it.
    const current = condition === undefined ? undefined : storage.findVersion(bucket.name, key);
    condition?.(current?.deleteMarker === true ? undefined : current);
    const { staged, checksum } = await receiveBody(request);
    const version = await storage.publish(bucket.name, key, staged, {
      ...description,
      ...(checksum === undefined ? {} : { checksum }),
      ...(condition === undefined ? {} : { condition }),
    });
    return emptyReply(200, {
      etag: `"${version.etag}"`,
      ...checksumHeaders(version.checksum),
      'x-amz-version-id': versionHeader(bucket, version),
      ...encryptionHeaders(version.encryption),
    });
  },
};
