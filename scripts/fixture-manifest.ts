/**
 * Writes fixtures/manifest.json for the files that scripts/make-fixtures has made.
 *
 * Argument: a file with one line per fixture: name, kind, program and version, with tabs between.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/config/paths.js';
import type { FixtureManifest } from '../src/harness/fixtures.js';

const folder = join(packageRoot, 'fixtures');
const rows = readFileSync(process.argv[2] ?? '', 'utf8')
  .trim()
  .split('\n');
const files = rows.map((row) => {
  const [name = '', kind = '', madeBy = ''] = row.split('\t');
  const content = readFileSync(join(folder, 'files', name));
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name, kind, sizeBytes: content.length, sha256, madeBy, licence: 'MIT, written for this project' };
});
const manifest: FixtureManifest = { files };
writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
