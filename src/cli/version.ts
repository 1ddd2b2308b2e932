import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../config/paths.js';

/** The version of the package. */
export function version(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  const { version: found } = JSON.parse(text) as { version: string }; // our own file, shipped with the code
  return found;
}
