import type { S3Connection } from '../s3/connection.js';

/** How ledger and reports name an endpoint: its URL without a closing slash, or `aws:REGION`. */
export function endpointName(connection: S3Connection): string {
  if (connection.endpoint === undefined) return `aws:${connection.region}`;
  return new URL(connection.endpoint).href.replace(/\/$/, '');
}
