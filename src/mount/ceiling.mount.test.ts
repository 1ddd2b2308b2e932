import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { configSchema } from '../config/schema.js';
import { describeMount } from '../harness/testing/mount-tests.js';
import type { MountPlan } from './plan.js';
import { startMount } from './start.js';
import { makeMountPlace, startTestServer, type MountPlace, type TestServer } from './testing/mount-place.js';

const MIB = 1024 * 1024;
/** Three parts of a file that is streamed while it is written, and more than one range of a read. */
const SIZE_BYTES = 24 * MIB;
const CEILING_BYTES = 16 * MIB;
/** What begins last has waited for all before it: 16 MiB of parts, and at least as much of ranges. */
const LEAST_MS = 1000;

describeMount('transfer.targetThroughput of a mount', () => {
  let server: TestServer;
  let place: MountPlace;

  beforeEach(async () => {
    [server, place] = await Promise.all([startTestServer(), makeMountPlace()]);
  });
  afterEach(async () => {
    await place.remove();
    await server.close();
  });

  function plan(): MountPlan {
    const base = place.plan(server.connection);
    const transfer = configSchema.parse({ transfer: { targetThroughput: CEILING_BYTES } }).transfer;
    return { ...base, config: { ...base.config, transfer } };
  }

  async function timed(work: () => Promise<void>): Promise<number> {
    const beganMs = performance.now();
    await work();
    return performance.now() - beganMs;
  }

  test('holds for files that are written and for reads', async () => {
    const bytes = randomBytes(SIZE_BYTES);
    await server.store.put('there', bytes);
    const mount = await startMount(plan(), { foreground: true });
    try {
      expect(await timed(() => fs.writeFile(place.at('new'), bytes))).toBeGreaterThan(LEAST_MS);
      const readMs = await timed(async () => {
        expect((await fs.readFile(place.at('there'))).equals(bytes)).toBe(true);
      });
      expect(readMs).toBeGreaterThan(LEAST_MS);
    } finally {
      await mount.unmount();
      await mount.done;
    }
    const head = await server.store.head('new');
    expect(head.sizeBytes).toBe(SIZE_BYTES);
  });
});
