import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { delimiter, join } from 'node:path';
import { missing, ok, type Finding } from './check.js';

/** First kernel with FUSE_PASSTHROUGH (include/uapi/linux/fuse.h, protocol 7.40). */
const PASSTHROUGH_KERNEL = [6, 9] as const;

const LIBRARY_FOLDERS = [
  '/lib',
  '/usr/lib',
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib64',
];

export function checkFuseDevice(): Finding {
  const name = '/dev/fuse';
  if (!existsSync(name)) {
    return missing(name, 'not there', 'Load the module: modprobe fuse (in a container: --device /dev/fuse)');
  }
  try {
    accessSync(name, constants.R_OK | constants.W_OK);
    return ok(name, 'readable and writable');
  } catch {
    return missing(
      name,
      'not open to this user',
      'Run as root, or let an administrator chmod 0666 /dev/fuse',
    );
  }
}

export function checkMountRights(): Finding {
  const name = 'right to mount';
  if (process.getuid?.() === 0) return ok(name, 'root: mount(2)');
  const helper = findProgram('fusermount3');
  if (helper !== undefined) return ok(name, `ordinary user: ${helper}`);
  return missing(name, 'not root, and no fusermount3', 'Run as root, or: apt-get install fuse3');
}

export function checkFusermount(): Finding {
  const helper = findProgram('fusermount3');
  return helper === undefined
    ? missing('fusermount3', 'not installed', 'For mounts by ordinary users: apt-get install fuse3')
    : ok('fusermount3', helper);
}

export function checkAllowOther(): Finding {
  const name = 'allow_other';
  if (process.getuid?.() === 0) return ok(name, 'root may always use it');
  const file = '/etc/fuse.conf';
  const allowed = existsSync(file) && /^\s*user_allow_other\s*$/m.test(readFileSync(file, 'utf8'));
  return allowed
    ? ok(name, `user_allow_other in ${file}`)
    : missing(name, 'not allowed to ordinary users', `Add a line user_allow_other to ${file}`);
}

export function checkPassthrough(): Finding {
  const name = 'FUSE passthrough';
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const [needMajor, needMinor] = PASSTHROUGH_KERNEL;
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    return missing(name, `kernel ${release()}`, 'Needs Linux 6.9 or newer; reads then go through the daemon');
  }
  if (process.getuid?.() !== 0) {
    return missing(name, 'not root', 'Needs CAP_SYS_ADMIN; reads then go through the daemon');
  }
  return ok(name, `kernel ${release()}, root`);
}

export function checkFuseNative(): Finding {
  const name = 'fuse-native binding';
  const found = LIBRARY_FOLDERS.find(
    (folder) => existsSync(folder) && readdirSync(folder).some((file) => file.startsWith('libfuse.so.2')),
  );
  return found === undefined
    ? missing(name, 'libfuse.so.2 not found', 'Only for --binding fuse-native: apt-get install libfuse2')
    : ok(name, `libfuse.so.2 in ${found}`);
}

/** The path of a program on PATH. */
export function findProgram(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
