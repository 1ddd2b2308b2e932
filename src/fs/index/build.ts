import type { ListedObject } from '../../s3/store.js';
import { keptFacts } from '../metadata/kept.js';
import { nameOfSegment } from '../names.js';
import { isDirty, type DirectoryNode, type Node, type StoredObject } from '../nodes/node.js';
import { agree, confirms, type IndexedObject } from './facts.js';

/** Rows for an index, and what kept others out. */
export interface BuiltRows {
  readonly rows: Map<string, IndexedObject>;
  /** Own writes too young for a change in the same tick of the server's clock to be told from them. */
  readonly racy: number;
}

/**
 * What may be said of the objects of a directory: what this mount knows of them where the listing confirms it, else
 * what the index has said where that still agrees. Where both agree with the listing and not with each other, two
 * clients changed the object within one tick of the server's clock, and neither is believed.
 *
 * @param quietSinceMs - What we wrote after this, on the clock of `monotonicMs`, is too young.
 */
export function buildRows(
  directory: DirectoryNode,
  prefix: string,
  objects: readonly ListedObject[],
  quietSinceMs: number,
  before: ReadonlyMap<string, IndexedObject>,
): BuiltRows {
  const rows = new Map<string, IndexedObject>();
  let racy = 0;
  for (const facts of objects) {
    const segment = facts.key.slice(prefix.length);
    const node = segment === '' ? directory : directory.children.get(nameOfSegment(segment));
    const old = before.get(segment);
    const kept = old !== undefined && agree(old, facts) ? old : undefined;
    const object = node === undefined || isDirty(node) ? undefined : node.object;
    if (node === undefined || object === undefined || !confirms(facts, object)) {
      if (kept !== undefined) rows.set(segment, kept);
    } else if ((object.writtenAtMs ?? -Infinity) > quietSinceMs) {
      racy += 1;
    } else if (kept === undefined || sameTexts(kept.metadata, object.metadata)) {
      rows.set(segment, rowOf(facts, object, node, kept));
    }
  }
  return { rows, racy };
}

function rowOf(
  facts: ListedObject,
  object: StoredObject,
  node: Node,
  kept: IndexedObject | undefined,
): IndexedObject {
  const { etag, sizeBytes, lastModifiedMs } = facts;
  const target = node.kind === 'symlink' ? (node.target ?? kept?.target) : undefined;
  const row = { etag, sizeBytes, lastModifiedMs, ...keptFacts(object) };
  return target === undefined ? row : { ...row, target };
}

function sameTexts(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}
