import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from './paths.js';
import { plantedDefects } from './planted.js';

describe('planted defects', () => {
  test('there are at least 60, each with a sentence and the cases that are expected to notice', async () => {
    const defects = await plantedDefects();
    expect(defects.length).toBeGreaterThanOrEqual(60);
    expect(new Set(defects.map(({ id }) => id)).size).toBe(defects.length);
    for (const { sentence, expected } of defects) {
      expect(sentence).not.toBe('');
      expect(expected.length).toBeGreaterThan(0);
    }
  });

  test('the published package is without them', async () => {
    const { stdout } = await execa('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: packageRoot,
    });
    expect(stdout).toContain('dist/src/config/planted.js');
    expect(stdout).not.toContain('dist/src/planted');
  });

  test('a build without them refuses the switch', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
    try {
      // A copy of the loader, as it stands in a package that has no such room.
      await mkdir(join(folder, 'dist', 'src'), { recursive: true });
      await writeFile(join(folder, 'package.json'), '{"type":"module"}');
      for (const room of ['config', 'errors']) {
        await execa('cp', ['-r', join(packageRoot, 'dist', 'src', room), join(folder, 'dist', 'src', room)]);
      }
      const script = `import { loadPlanted } from '${folder}/dist/src/config/planted.js';
        await loadPlanted('/dev/null').catch((reason) => console.log(reason.kind, reason.message));`;
      const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script]);
      expect(stdout).toBe('unsupported This build has no planted defects');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
