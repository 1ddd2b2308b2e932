import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds this package's `package.json`, from the source tree as well as from `dist/`. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

/**
 * The compiled file of a module, for starting it as a process of its own: `compiledModule('src/cli/main.js')`.
 * Right from the source tree too (tests), where the last build is what runs.
 */
export function compiledModule(relativePath: string): string {
  return join(packageRoot, 'dist', relativePath);
}

function findPackageRoot(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`No package.json above ${start}`);
    folder = parent;
  }
  return folder;
}
