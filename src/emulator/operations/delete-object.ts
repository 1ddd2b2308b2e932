import type { DeleteOutcome } from '../storage/storage.js';
import { requireBucket } from './bucket-access.js';
import { deleteCondition } from './conditions.js';
import { emptyReply, type Operation } from './request.js';

export const deleteObject: Operation = {
  name: 'DeleteObject',
  async run(request) {
    const { head, key } = request;
    const bucket = requireBucket(request);
    const versionId = head.parameter('versionId');
    const condition = deleteCondition(head.header('if-match'));
    const outcome = await request.storage.delete(bucket.name, key, {
      ...(versionId === undefined ? {} : { versionId }),
      ...(condition === undefined ? {} : { condition }),
    });
    return emptyReply(204, deleteHeaders(outcome));
  },
};

function deleteHeaders(outcome: DeleteOutcome): Readonly<Record<string, string | undefined>> {
  return {
    'x-amz-delete-marker': outcome.deleteMarker ? 'true' : undefined,
    'x-amz-version-id': outcome.versionId,
  };
}
