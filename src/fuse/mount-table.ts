import { readFile } from 'node:fs/promises';

/** One line of `/proc/self/mountinfo` (proc(5)). */
export interface MountTableEntry {
  readonly mountPoint: string;
  /** `major:minor` of the mounted file system. */
  readonly device: string;
  readonly type: string;
  readonly source: string;
  /** Of the file system, not of the mount: `rw,user_id=0,...`. */
  readonly options: string;
}

/** The mounts that this process sees, in the order of mounting: the last one of a path covers the others. */
export async function readMountTable(): Promise<readonly MountTableEntry[]> {
  return parseMountTable(await readFile('/proc/self/mountinfo', 'latin1'));
}

/** @param text - The file read as latin1, so that paths of any bytes survive. */
export function parseMountTable(text: string): readonly MountTableEntry[] {
  const entries: MountTableEntry[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const [, , device, , mountPoint] = fields;
    const type = fields[separator + 1];
    const source = fields[separator + 2];
    if (separator < 0 || !device || !mountPoint || !type || source === undefined) continue;
    const options = fields[separator + 3] ?? '';
    entries.push({ mountPoint: unescape(mountPoint), device, type, source: unescape(source), options });
  }
  return entries;
}

/** The mount that a path is the top of, or `undefined`. */
export async function findMount(mountPoint: string): Promise<MountTableEntry | undefined> {
  const table = await readMountTable();
  return table.findLast((entry) => entry.mountPoint === mountPoint);
}

/** Space, tab, newline and backslash stand as octal escapes. */
function unescape(field: string): string {
  const bytes = field.replace(/\\([0-7]{3})/g, (_match, octal: string) =>
    String.fromCharCode(parseInt(octal, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
