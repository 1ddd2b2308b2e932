import pLimit from 'p-limit';
import { retrying } from '../../s3/backoff.js';
import type { ObjectHead, ObjectStore } from '../../s3/store.js';
import type { ExpectedChecksum } from './verification.js';

/** HEADs at one time, where parts are asked for one by one. */
const HEADS_AT_ONE_TIME = 8;

/**
 * The sizes of an object's parts, by its HEAD of the first one: mostly all but the last are alike. Where they can not
 * be, each is asked for, which costs a HEAD for every 5 MiB at least.
 */
export async function knownParts(
  store: ObjectStore,
  head: ObjectHead,
  signal: AbortSignal,
): Promise<Pick<ExpectedChecksum, 'partSizes' | 'askPartSizes'>> {
  const ask = (partNumber: number): Promise<ObjectHead> =>
    retrying(() => store.head(head.key, { partNumber, ifMatch: head.etag, signal }), { signal });
  const { partsCount = 0, partSizeBytes = 0 } = await ask(1);
  if (partsCount === 0 || partSizeBytes === 0) return {};
  const askPartSizes = async (): Promise<readonly number[] | undefined> => {
    const limit = pLimit(HEADS_AT_ONE_TIME);
    const numbers = Array.from({ length: partsCount - 1 }, (_, index) => index + 2);
    const others = await Promise.all(numbers.map((number) => limit(() => ask(number))));
    const sizes = [partSizeBytes, ...others.map((part) => part.partSizeBytes ?? 0)];
    return sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0) === head.sizeBytes ? sizes : undefined;
  };
  if (Math.ceil(head.sizeBytes / partSizeBytes) === partsCount)
    return { partSizes: partSizeBytes, askPartSizes };
  const partSizes = await askPartSizes();
  return partSizes === undefined ? {} : { partSizes };
}
