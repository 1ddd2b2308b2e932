/** Namespace of S3's replies. */
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A piece of XML that is already escaped. */
export type Xml = string;

/**
 * Escapes text for an XML element. Control characters become references, as S3 writes them: no XML 1.0 parser need
 * take those of them that the standard forbids, which is why `encoding-type=url` exists.
 */
export function escapeXml(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is escaped
  return text.replace(/[&<>"'\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, (character) => {
    const named = NAMED[character];
    return named ?? `&#x${character.charCodeAt(0).toString(16)};`;
  });
}

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** An element with text; nothing where the value is absent. */
export function tag(name: string, value: string | number | boolean | undefined): Xml {
  return value === undefined ? '' : `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** An element with elements inside. */
export function element(name: string, ...inner: readonly Xml[]): Xml {
  return `<${name}>${inner.join('')}</${name}>`;
}

/** A whole document whose root lies in the namespace of S3. */
export function xmlDocument(root: string, ...inner: readonly Xml[]): Xml {
  return `${XML_DECLARATION}<${root} xmlns="${NAMESPACE}">${inner.join('')}</${root}>`;
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
