import { accessSync, constants } from 'node:fs';

/** Why tests that mount can not run here; `undefined` where they can. */
export function reasonNotToMount(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return 'needs /dev/fuse';
  }
}

/** `describe` where this machine can mount; else the same block skipped, with the reason in its name. */
export function describeMount(name: string, body: () => void): void {
  const reason = reasonNotToMount();
  if (reason === undefined) describe(name, body);
  else describe.skip(`${name} (skipped: ${reason})`, body);
}
