import { XMLParser } from 'fast-xml-parser';
import { S3Error } from './s3-error.js';

/** An element: text, or elements by name, each name with all of its occurrences in order. */
export interface XmlNode {
  readonly text: string;
  readonly children: ReadonlyMap<string, readonly XmlNode[]>;
}

const PARSER = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: true,
  htmlEntities: false,
});

/**
 * Reads the XML body of a request.
 *
 * @param root - The name that the root element must have.
 * @throws S3Error `MalformedXML`.
 */
export function readXml(text: string, root: string): XmlNode {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new S3Error('MalformedXML');
  let parsed: unknown;
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the peer that replaces it is not a dependency
    parsed = PARSER.parse(text, true);
  } catch (cause) {
    throw new S3Error('MalformedXML', { cause });
  }
  const [node] = nodeOf(parsed).children.get(root) ?? [];
  if (node === undefined) throw new S3Error('MalformedXML');
  return node;
}

export function child(node: XmlNode, name: string): XmlNode | undefined {
  return node.children.get(name)?.[0];
}

export function children(node: XmlNode, name: string): readonly XmlNode[] {
  return node.children.get(name) ?? [];
}

/** Text of a child element; absent where there is no such element. */
export function childText(node: XmlNode, name: string): string | undefined {
  return child(node, name)?.text;
}

/** @throws S3Error `MalformedXML` where there is no such element. */
export function requiredText(node: XmlNode, name: string): string {
  const text = childText(node, name);
  if (text === undefined) throw new S3Error('MalformedXML');
  return text;
}

/** The parser's ordered form is a list of one-key objects; `#text` holds characters. */
function nodeOf(list: unknown): XmlNode {
  const nodes = new Map<string, XmlNode[]>();
  let text = '';
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  for (const entry of entries) {
    if (typeof entry !== 'object' || entry === null) continue;
    const fields: readonly [string, unknown][] = Object.entries(entry);
    for (const [name, value] of fields) {
      if (name === '#text') text += characterReferences(String(value));
      else nodes.set(name, [...(nodes.get(name) ?? []), nodeOf(value)]);
    }
  }
  return { text, children: nodes };
}

function characterReferences(text: string): string {
  return text.replace(/&#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));/g, (whole, hex?: string, decimal?: string) => {
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
  });
}
