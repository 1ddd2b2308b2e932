import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compiledModule } from '../../config/paths.js';

/** Writes suite files as the compiler would leave them. */
export async function writeSuite(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  for (const [name, body] of Object.entries(files)) await writeFile(join(folder, `${name}.suite.js`), body);
  return folder;
}

/** A suite file with one case for each body; a body may use `context` and `fs` (node:fs). */
export function suiteFile(
  name: string,
  cases: Readonly<Record<string, string>>,
  timeoutMs = 400,
  needs: readonly string[] = [],
  callTimeoutMs?: number,
): string {
  const limits = JSON.stringify({ timeoutMs, callTimeoutMs }).slice(1, -1);
  const rows = Object.entries(cases).map(
    ([id, body]) =>
      `{ id: '${name}/${id}', says: '${id}', operations: ['none'], ${limits}, ` +
      `needs: ${JSON.stringify(needs)}, async run(context) { ${body} } }`,
  );
  const api = compiledModule('src/harness/api/index.js');
  return `import { defineGroup } from '${api}';
    import * as fs from 'node:fs';
    defineGroup({ suite: 'sample', group: '${name}', cases: [${rows.join(',')}] });`;
}
