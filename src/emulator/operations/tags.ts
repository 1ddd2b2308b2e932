import { S3Error } from '../protocol/s3-error.js';
import { parseQuery } from '../protocol/uri.js';
import { child, children, readXml, requiredText } from '../protocol/xml-reader.js';
import { element, tag, xmlDocument } from '../protocol/xml-writer.js';

/** Tags by key. */
export type Tags = Readonly<Record<string, string>>;

export const OBJECT_TAG_LIMIT = 10;
export const BUCKET_TAG_LIMIT = 50;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/**
 * Reads `x-amz-tagging`, which is written like a query string.
 *
 * @throws S3Error `InvalidArgument`, `InvalidTag`.
 */
export function tagsFromHeader(header: string | undefined): Tags {
  if (header === undefined || header === '') return {};
  const pairs = parseQuery(header);
  if (pairs.length > OBJECT_TAG_LIMIT || pairs.some(({ name }) => name === '')) {
    throw new S3Error('InvalidArgument', {
      message:
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      details: { ArgumentName: 'x-amz-tagging', ArgumentValue: header },
    });
  }
  return checkedTags(
    pairs.map(({ name, value }) => [name, value] as const),
    OBJECT_TAG_LIMIT,
  );
}

/** @throws S3Error `MalformedXML`, `InvalidTag`. */
export function tagsFromXml(text: string, limit: number): Tags {
  const set = child(readXml(text, 'Tagging'), 'TagSet');
  if (set === undefined) throw new S3Error('MalformedXML');
  const pairs = children(set, 'Tag').map(
    (node) => [requiredText(node, 'Key'), requiredText(node, 'Value')] as const,
  );
  return checkedTags(pairs, limit);
}

/** The document of GetObjectTagging and GetBucketTagging. */
export function taggingXml(tags: Tags): string {
  const entries = Object.entries(tags).map(([key, value]) =>
    element('Tag', tag('Key', key), tag('Value', value)),
  );
  return xmlDocument('Tagging', element('TagSet', ...entries));
}

function checkedTags(pairs: readonly (readonly [string, string])[], limit: number): Tags {
  if (pairs.length > limit) {
    throw new S3Error('InvalidTag', { message: `Object tags cannot be greater than ${limit}` });
  }
  const tags = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (tags.has(key)) {
      throw new S3Error('InvalidTag', {
        message: 'Cannot provide multiple Tags with the same key',
        details: { TagKey: key },
      });
    }
    checkTag(key, value);
    tags.set(key, value);
  }
  return Object.fromEntries(tags);
}

/** Letters, digits and spaces of any script, and `+ - = . _ : / @`. */
function checkTag(key: string, value: string): void {
  const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
  if (key === '' || key.length > MAX_KEY_LENGTH || !allowed.test(key) || key.startsWith('aws:')) {
    throw new S3Error('InvalidTag', {
      message: 'The TagKey you have provided is invalid',
      details: { TagKey: key },
    });
  }
  if (value.length > MAX_VALUE_LENGTH || !allowed.test(value)) {
    throw new S3Error('InvalidTag', {
      message: 'The TagValue you have provided is invalid',
      details: { TagKey: key, TagValue: value },
    });
  }
}
