import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stage } from './stage.js';

describe('A stage file', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-stage-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test('takes over a download that was renamed to its path, and is written on there', async () => {
    const stage = await Stage.create(folder, 'stage');
    await writeFile(join(folder, 'download'), 'downloaded');
    await rename(join(folder, 'download'), stage.path);
    await stage.adopt(10);
    await stage.write(4, Buffer.from('LOAD'));
    expect(Buffer.from(await stage.read(0, 10)).toString()).toBe('downLOADed');
    await stage.discard();
  });

  test('refuses a download of another length', async () => {
    const stage = await Stage.create(folder, 'stage');
    await writeFile(stage.path, 'short');
    await expect(stage.adopt(10)).rejects.toMatchObject({ kind: 'short-body' });
    await stage.discard();
  });
});
