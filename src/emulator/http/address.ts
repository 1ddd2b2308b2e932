import type { RequestHead } from '../protocol/request-head.js';

/** What a request names: bucket and key, each empty where it names none. */
export interface Address {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Path style (`/bucket/key`) or virtual-host style (`bucket.BASE_HOST`, path is the key)
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
 *
 * @param baseHost - Host name of the service without port; a name below it is a bucket.
 */
export function addressOf(head: RequestHead, baseHost: string): Address {
  const host = (head.header('host') ?? '').toLowerCase().replace(/:\d+$/, '');
  const path = head.path.slice(1);
  if (host.endsWith(`.${baseHost}`)) return { bucket: host.slice(0, -baseHost.length - 1), key: path };
  const slash = path.indexOf('/');
  return slash < 0 ? { bucket: path, key: '' } : { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
}
