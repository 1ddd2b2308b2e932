import { mkdir } from 'node:fs/promises';
import { OTHER_CLIENTS, type CaseContext, type Need, type OtherClient } from '../../src/harness/api/index.js';

/** Which way something goes between the mount under test and a client of others. */
export interface Pass {
  /** What the ids say: `s3fs-reads-mode`. */
  readonly name: 'reads' | 'writes';
  readonly client: OtherClient;
  readonly need: Need;
  readonly writer: string;
  readonly reader: string;
}

/** Both ways for each client. */
export const PASSES: readonly Pass[] = OTHER_CLIENTS.flatMap((client) => {
  const need = `${client}-client` as const;
  return [
    { name: 'reads', client, need, writer: 'the mount', reader: client },
    { name: 'writes', client, need, writer: client, reader: 'the mount' },
  ];
});

/** The other way. */
export function back(pass: Pass): Pass {
  const name = pass.name === 'reads' ? 'writes' : 'reads';
  return { ...pass, name, writer: pass.reader, reader: pass.writer };
}

/**
 * Lets the writer work in the directory of the case. The reader is mounted after all of it was saved: these programs keep
 * names and attributes for a time (s3fs 900 s, rclone 5 min).
 *
 * @returns The same directory at the reader.
 */
export async function passOn(
  { control, directory }: CaseContext,
  { name, client }: Pass,
  work: (directory: string) => Promise<unknown>,
): Promise<string> {
  if (name === 'reads') {
    await work(directory);
    await control.remount();
    return control.secondMount(client);
  }
  const second = await control.secondMount(client);
  // A target that keeps no empty directories has not shown it.
  await mkdir(second, { recursive: true });
  await work(second);
  await control.endSecondMount();
  await control.remount();
  return directory;
}
