import { configSchema } from '../../../config/schema.js';
import type { TargetPlace } from '../target.js';

/** A place for targets that only say that they run. */
export const NOWHERE: TargetPlace = {
  runId: 'run',
  folder: '/nowhere',
  config: configSchema.parse({}),
  record: {
    mount: () => Promise.resolve(),
    daemon: () => Promise.resolve(),
    folder: () => Promise.resolve(),
  },
};
