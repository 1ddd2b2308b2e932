import { S3Error } from '../protocol/s3-error.js';
import { child, children, childText, readXml, type XmlNode } from '../protocol/xml-reader.js';

const MAX_RULES = 1000;
const MAX_ID_LENGTH = 255;
const ACTIONS = [
  'Expiration',
  'Transition',
  'NoncurrentVersionExpiration',
  'NoncurrentVersionTransition',
  'AbortIncompleteMultipartUpload',
];

/**
 * Checks the shape of a lifecycle configuration; the rules are kept and returned but not carried out
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html).
 *
 * @throws S3Error `MalformedXML`, `InvalidArgument`, `InvalidRequest`.
 */
export function checkLifecycle(text: string): void {
  const rules = children(readXml(text, 'LifecycleConfiguration'), 'Rule');
  if (rules.length === 0 || rules.length > MAX_RULES) throw new S3Error('MalformedXML');
  const ids = rules.map((rule) => childText(rule, 'ID')).filter((id) => id !== undefined);
  if (new Set(ids).size !== ids.length) {
    throw new S3Error('InvalidArgument', {
      message: 'Rule ID must be unique. Found same ID for more than one rule',
    });
  }
  rules.forEach(checkRule);
}

function checkRule(rule: XmlNode): void {
  const status = childText(rule, 'Status');
  if (status !== 'Enabled' && status !== 'Disabled') throw new S3Error('MalformedXML');
  if ((child(rule, 'Filter') ?? child(rule, 'Prefix')) === undefined) throw new S3Error('MalformedXML');
  if ((childText(rule, 'ID') ?? '').length > MAX_ID_LENGTH) {
    throw new S3Error('InvalidArgument', { message: 'ID length should not exceed allowed limit of 255' });
  }
  const actions = ACTIONS.flatMap((name) => children(rule, name));
  if (actions.length === 0) {
    throw new S3Error('InvalidRequest', { message: 'At least one action needs to be specified in a rule.' });
  }
  for (const action of actions) {
    for (const name of ['Days', 'NoncurrentDays', 'DaysAfterInitiation']) checkDays(action, name);
  }
}

function checkDays(action: XmlNode, name: string): void {
  const days = childText(action, name);
  if (days === undefined || /^[1-9]\d{0,8}$/.test(days) || (days === '0' && child(action, 'StorageClass')))
    return;
  throw new S3Error('InvalidArgument', { message: `'${name}' must be a positive integer` });
}
