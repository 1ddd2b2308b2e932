import type { MountSample, RequestCount } from '../../report/model.js';

/** What one run of a workload on one target came to. */
export type MountOutcome =
  | { readonly kind: 'measured'; readonly sample: MountSample; readonly requests: readonly RequestCount[] }
  /** The target could not do it, now or in an earlier run. */
  | { readonly kind: 'failed'; readonly reason: string };
