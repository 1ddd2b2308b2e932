import { readFile, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, ok, sameBytes } from '../../src/harness/api/index.js';
import { MIB } from '../shared/content.js';

// What lies on the local disk for years is read as if it came from S3.
const group = new CaseList('integrity', 'damaged-cache', {
  operations: ['read'],
  needs: ['store', 'remount', 'target-settings', 'disk-cache'],
  timeoutMs: 60_000,
  tier: 'full',
});

for (const [damage, says] of [
  ['flip', 'in which a byte has changed'],
  ['cut', 'whose second half is gone'],
] as const) {
  group.add(
    damage,
    `files of a cache on the local disk ${says} are noticed: what is read is what S3 holds, and the damage is counted`,
    async (context) => {
      const contents = [300_000, 3 * MIB + 7].map((sizeBytes, salt) => context.bytes(sizeBytes, salt));
      const pathOf = (index: number): string => context.path(`file-${index}`);
      for (const [index, content] of contents.entries()) await writeFile(pathOf(index), content);
      // From S3, so that the cache keeps them.
      await context.control.remount();
      for (const [index, content] of contents.entries())
        sameBytes(await readFile(pathOf(index)), content, `file ${index}, read first`);
      await context.control.remount({ cacheDamage: damage });
      for (const [index, content] of contents.entries())
        sameBytes(await readFile(pathOf(index)), content, `file ${index}, over a damaged cache`);
      // A mount that fetches everything again would pass so far. Not every block need have been kept.
      const { diskDamagedBlocks = 0 } = await context.control.cacheCounters();
      ok(diskDamagedBlocks > 0, `damaged blocks are counted (diskDamagedBlocks is ${diskDamagedBlocks})`);
    },
  );
}

defineGroup(group);
