import { mutantsOf } from '../mutant.js';

/** What the cache on the local disk says that it holds. */
export const DISK_MUTANTS = mutantsOf('diskTier', [
  [
    'damaged-block-is-handed-out',
    'a block of the cache on the local disk that does not fit its checksum reads as zeros, as of a file that was cut',
    ['integrity:damaged-cache/cut', 'integrity:damaged-cache/flip'],
    (sound) => ({
      fill: async (source, blocks) => {
        const { damagedBlocks } = sound.counters();
        const missing = await sound.fill(source, blocks);
        if (sound.counters().damagedBlocks === damagedBlocks) return missing;
        for (const block of missing) {
          block.done = true;
          block.fill(Buffer.alloc(block.lengthBytes));
        }
        return [];
      },
    }),
  ],
  [
    'kept-blocks-are-never-read',
    'what lies in the cache on the local disk is fetched again from S3, and damage there is noticed by nobody',
    ['integrity:damaged-cache/flip', 'integrity:damaged-cache/cut'],
    () => ({ fill: (_source, blocks) => Promise.resolve(blocks) }),
  ],
]);
