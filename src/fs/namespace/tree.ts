import type { ListedObject } from '../../s3/store.js';
import type { Context } from '../context.js';
import { fileKey, folderPrefix, mayOverflow, overflowPrefix } from '../keys.js';

/** One object of a directory's tree. */
export interface TreeObject extends ListedObject {
  /** Key segments from the top of the tree to the object; the last one is empty for a directory's marker. */
  readonly segments: readonly string[];
}

/** Keys to list, and where in the tree they are. */
interface Region {
  readonly prefix: string;
  readonly above: readonly string[];
  /** The prefix is a directory, not the overflow of one. */
  readonly isFolder: boolean;
}

/** All objects below a directory's prefix, its marker included, and those whose keys had to go elsewhere. */
export async function listTree(context: Context, prefix: string): Promise<readonly TreeObject[]> {
  const found: TreeObject[] = [];
  const regions: Region[] = [{ prefix, above: [], isFolder: true }];
  for (let region = regions.shift(); region !== undefined; region = regions.shift()) {
    const { above } = region;
    const folders = new Set(region.isFolder ? [''] : []);
    for (const object of await listAll(context, region.prefix)) {
      const inside = object.key.slice(region.prefix.length).split('/');
      found.push({ ...object, segments: [...above, ...inside] });
      for (let depth = 1; depth < inside.length; depth += 1) folders.add(inside.slice(0, depth).join('/'));
    }
    for (const folder of folders) {
      const full = folder === '' ? region.prefix : `${region.prefix}${folder}/`;
      if (!mayOverflow(full)) continue;
      const names = folder === '' ? [] : folder.split('/');
      regions.push({ prefix: overflowPrefix(context, full), above: [...above, ...names], isFolder: false });
    }
  }
  return found;
}

/** The key that an object of a tree has below another prefix. */
export function keyInTree(context: Context, prefix: string, segments: readonly string[]): string {
  const name = segments.at(-1) ?? '';
  const folder = segments.slice(0, -1).reduce((above, part) => folderPrefix(context, above, part), prefix);
  return name === '' ? folder : fileKey(context, folder, name);
}

/** All objects whose keys start with a prefix. */
export async function listAll(context: Context, prefix: string): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  let token: string | undefined;
  do {
    const more = token === undefined ? {} : { continuationToken: token };
    const page = await context.store.list({ prefix, ...more });
    objects.push(...page.objects);
    token = page.continuationToken;
  } while (token !== undefined);
  return objects;
}
