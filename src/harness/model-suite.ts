import type { Config } from '../config/schema.js';
import type { ChosenSuite } from './suite-choice.js';

/** The suite of random programs. */
export const MODEL_SUITE = 'model';

/** The one case that runs a saved program; no listing of cases has it. */
export const REPLAY: ChosenSuite = {
  suite: MODEL_SUITE,
  only: ['replay/program'],
  files: ['replay.suite.js'],
  leftOut: new Set(),
};

const LEAST_PART_BYTES = 5 * 1024 * 1024;
const LEAST_STAGE_BYTES = 16 * 1024 * 1024;

/**
 * The configuration with the smallest parts and local room there are: files of a few MiB are then streamed, evicted and
 * copied by ranges, which else takes gigabytes. A part size that the user chose stays.
 */
export function withNearEdges(config: Config): Config {
  const { mount, transfer } = config;
  return {
    ...config,
    transfer: { ...transfer, chunkSize: transfer.chunkSize ?? LEAST_PART_BYTES },
    mount: { ...mount, stageLimit: Math.min(mount.stageLimit, LEAST_STAGE_BYTES) },
  };
}
