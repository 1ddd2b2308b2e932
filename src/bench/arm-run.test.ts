import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configSchema } from '../config/schema.js';
import { ThreadWatch } from '../s3/workers/testing/thread-watch.js';
import { startProxiedStore } from '../transfer/testing/proxied-store.js';
import { runArmJob } from './arm-run.js';

test('transfer.workers are those of our own arms, and of no baseline', async () => {
  const place = await startProxiedStore('arms');
  const threads = new ThreadWatch();
  try {
    const bytes = randomBytes(2 * 2 ** 20);
    const path = join(place.folder, 'source');
    await writeFile(path, bytes);
    const { transfer } = configSchema.parse({ transfer: { workers: 1 } });
    const { connection, folder: home } = place;
    const counts: number[] = [];
    for (const arm of ['plain', 'optimized', 'cubic'] as const) {
      const settings = { arm, connection, bucket: 'arms', transfer, home, warmKey: 'none' };
      const { fallback } = await runArmJob(settings, {
        operation: 'upload',
        objects: [{ key: arm, path }],
      });
      expect(fallback).toBeUndefined();
      expect((await place.stored(arm)).equals(bytes)).toBe(true);
      counts.push(threads.started.length);
    }
    expect(counts).toEqual([0, 1, 2]);
  } finally {
    await threads.ended();
    await place.close();
  }
});
