import type { WindowController } from './controller.js';

/** Always `connections` parts in flight, whatever the path does. */
export function fixedWindow(connections: number): WindowController {
  const permits = Math.max(1, connections);
  return { name: 'fixed', permits: () => permits, report: () => undefined };
}
