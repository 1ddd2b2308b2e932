/** What the kernel is told at mount time; the same for mount(2) and fusermount3. */
export interface KernelMountOptions {
  readonly mountPoint: string;
  readonly fsName: string;
  readonly subtype: string;
  readonly readOnly: boolean;
  readonly allowOther: boolean;
}

const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;

/** Content comes from the network: no set-user-id programs and no device nodes (as fusermount3 insists too). */
export function mountFlags(options: KernelMountOptions): number {
  return MS_NOSUID | MS_NODEV | (options.readOnly ? MS_RDONLY : 0);
}

/** The data argument of mount(2) for type `fuse`. The kernel checks permissions (`default_permissions`). */
export function mountData(options: KernelMountOptions, fd: number, uid: number, gid: number): string {
  const parts = [`fd=${fd}`, 'rootmode=40000', `user_id=${uid}`, `group_id=${gid}`, 'default_permissions'];
  if (options.allowOther) parts.push('allow_other');
  return parts.join(',');
}

/** The `-o` argument of fusermount3; a comma or backslash in a value is escaped by a backslash. */
export function fusermountOptions(options: KernelMountOptions): string {
  const escape = (value: string): string => value.replace(/[\\,]/g, '\\$&');
  const parts = [
    `fsname=${escape(options.fsName)}`,
    `subtype=${escape(options.subtype)}`,
    'default_permissions',
    'nosuid',
    'nodev',
    options.readOnly ? 'ro' : 'rw',
  ];
  if (options.allowOther) parts.push('allow_other');
  return parts.join(',');
}
