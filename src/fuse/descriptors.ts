import { readdirSync, readFileSync } from 'node:fs';

/** A process with more has better things to do than to be looked through. */
const MOST_DESCRIPTORS = 64;
const O_ACCMODE = 0o3;

/** Finds descriptors of the files of one mount, in the `/proc` of those who hold them (proc_pid_fdinfo(5)). */
export class Descriptors {
  /** `major:minor` of the mount. Until it is known, nothing is found. */
  device = '';

  /**
   * Whether the process of a thread can write to an inode by some descriptor. `false` also where nobody can tell: a
   * thread of another pid namespace (0), no right to look, a kernel before 5.14, a process with very many descriptors.
   */
  canWrite(threadId: number, ino: bigint): boolean {
    if (threadId === 0 || this.device === '') return false;
    try {
      const folder = `/proc/${threadId}/fdinfo`;
      const names = readdirSync(folder);
      return (
        names.length <= MOST_DESCRIPTORS &&
        names.some((name) => this.#isWriter(threadId, ino, readOrNothing(`${folder}/${name}`)))
      );
    } catch {
      return false;
    }
  }

  #isWriter(threadId: number, ino: bigint, text: string): boolean {
    const field = (name: string): string => new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(text)?.[1] ?? '';
    if (field('ino') !== String(ino) || (Number.parseInt(field('flags'), 8) & O_ACCMODE) === 0) return false;
    const mounts = readFileSync(`/proc/${threadId}/mountinfo`, 'latin1').split('\n');
    return mounts.some((line) => {
      const [id, , device] = line.split(' ');
      return id === field('mnt_id') && device === this.device;
    });
  }
}

/** A descriptor may be closed while it is looked at. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
