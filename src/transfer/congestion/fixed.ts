import type { CongestionControl } from './controller.js';

/** Always as many parts as there are connections, whatever the path does. */
export const fixed: CongestionControl<number> = {
  name: 'fixed',
  start: ({ maxBytes }) => maxBytes,
  step: (windowBytes) => windowBytes,
  windowBytes: (windowBytes) => windowBytes,
};
