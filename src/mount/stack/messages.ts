import { join } from 'node:path';
import { z } from 'zod';

/** What the thread that tells stacks is started with. */
export interface StackThreadData {
  /** Of its socket. */
  readonly path: string;
  /** Of the package, left out of the places in a stack; ends in `/`. */
  readonly root: string;
}

/** Its one line to whoever connects: the innermost call first, or for how long the main thread ran nothing. */
export const stackReply = z.union([
  z.strictObject({ stack: z.array(z.string()) }),
  z.strictObject({ waitsMs: z.number() }),
]);
export type StackReply = z.infer<typeof stackReply>;

/** @param device - `major:minor` of the mount. */
export function stackSocketPath(folder: string, device: string): string {
  return join(folder, `${device.replace(':', '-')}.stack`);
}
