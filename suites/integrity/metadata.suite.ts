import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rmdir,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, type CaseContext } from '../../src/harness/api/index.js';

const group = new CaseList('integrity', 'metadata', {
  operations: ['stat'],
  needs: ['store', 'remount'],
  timeoutMs: 30_000,
});

interface Facts {
  readonly mode: string;
  readonly owner: readonly [bigint, bigint];
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint;
  readonly size: bigint;
}

async function facts(path: string): Promise<Facts> {
  const { mode, uid, gid, mtimeNs, atimeNs, size } = await lstat(path, { bigint: true });
  return { mode: mode.toString(8), owner: [uid, gid], mtimeNs, atimeNs, size };
}

/** Passes when lstat(2) says the same before and after a remount. */
async function survives(context: CaseContext, name: string, before?: Facts): Promise<void> {
  const expected = before ?? (await facts(context.path(name)));
  await context.control.remount();
  equal(await facts(context.path(name)), expected, `facts of ${name} after remount`);
}

// Each remount takes a second: the quick tier has one row of a kind.
for (const mode of [0o400, 0o644, 0o755, 0o4755, 0o1777]) {
  group.add(
    `mode-${mode.toString(8)}`,
    `mode ${mode.toString(8)} of a file survives a remount`,
    async (context) => {
      await writeFile(context.path('file'), 'content');
      await chmod(context.path('file'), mode);
      await survives(context, 'file');
      equal((await stat(context.path('file'))).mode & 0o7777, mode, 'permission bits after remount');
    },
    { operations: ['chmod'], tier: mode === 0o400 ? 'quick' : 'full' },
  );
}

group.add(
  'owner',
  'owner and group of a file survive a remount',
  async (context) => {
    await writeFile(context.path('file'), 'content');
    await chown(context.path('file'), 1234, 5678);
    await survives(context, 'file');
    equal((await facts(context.path('file'))).owner, [1234n, 5678n], 'owner and group after remount');
  },
  { operations: ['chown'], needs: ['root', 'chown'] },
);

const times: readonly (readonly [string, bigint])[] = [
  ['with-nanoseconds', 1_234_567_890_987_654_321n],
  ['before-1970', -123_456_789_012_345_679n],
  ['after-2038', 4_000_000_000_000_000_001n],
  ['the-epoch', 0n],
];
for (const [name, ns] of times) {
  group.add(
    `mtime-${name}`,
    `mtime ${name.replaceAll('-', ' ')} survives a remount to the nanosecond`,
    async (context) => {
      await writeFile(context.path('file'), 'content');
      context.sys.utimensat(context.path('file'), { ns: 5n }, { ns });
      await survives(context, 'file');
      equal((await facts(context.path('file'))).mtimeNs, ns, 'mtime after remount');
    },
    { operations: ['utimens'], tier: name === 'with-nanoseconds' ? 'quick' : 'full' },
  );
}

group.add(
  'written-mtime',
  'mtime that a write gave survives a remount',
  async (context) => {
    await writeFile(context.path('file'), context.bytes(200_000));
    await survives(context, 'file');
  },
  { operations: ['write'], tier: 'full' },
);

group.add(
  'directory',
  'mode, owner and mtime of a directory survive a remount',
  async (context) => {
    await mkdir(context.path('directory'));
    await chmod(context.path('directory'), 0o2750);
    context.sys.utimensat(context.path('directory'), { ns: 1n }, { ns: 1_111_111_111_222_222_222n });
    const { mode, owner, mtimeNs } = await facts(context.path('directory'));
    await context.control.remount();
    const after = await facts(context.path('directory'));
    equal(
      [after.mode, after.owner, after.mtimeNs],
      [mode, owner, mtimeNs],
      'mode, owner and mtime after remount',
    );
  },
  { operations: ['chmod', 'utimens', 'mkdir'] },
);

group.add(
  'empty-directory',
  'an empty directory survives a remount, and a removed one does not come back',
  async (context) => {
    await mkdir(context.path('kept'));
    await mkdir(context.path('removed'));
    await rmdir(context.path('removed'));
    await context.control.remount();
    equal(await readdir(context.directory), ['kept'], 'names after remount');
    equal(await readdir(context.path('kept')), [], 'names in the directory');
  },
  { operations: ['mkdir', 'rmdir'], tier: 'full' },
);

group.add(
  'emptied-directory',
  'a directory whose last file was removed is still there after a remount',
  async (context) => {
    await mkdir(context.path('directory'));
    await writeFile(context.path('directory', 'file'), 'x');
    await unlink(context.path('directory', 'file'));
    await context.control.remount();
    ok((await stat(context.path('directory'))).isDirectory(), 'the directory is there');
  },
  { operations: ['unlink'] },
);

group.add(
  'symlink',
  'a symbolic link and its target text survive a remount',
  async (context) => {
    await symlink('../some/Grüße target', context.path('link'));
    await survives(context, 'link');
    equal(await readlink(context.path('link')), '../some/Grüße target', 'target after remount');
  },
  { operations: ['symlink'], needs: ['symlink'] },
);

group.add(
  'long-symlink',
  'a symbolic link of 4,095 bytes survives a remount',
  async (context) => {
    const target = `${'d/'.repeat(2047)}e`;
    await symlink(target, context.path('link'));
    await context.control.remount();
    equal(await readlink(context.path('link')), target, 'target after remount');
  },
  { operations: ['symlink'], needs: ['symlink'], tier: 'full' },
);

group.add(
  'fifo',
  'a fifo survives a remount',
  async (context) => {
    context.sys.mknod(context.path('fifo'), 0o010640, 0);
    await survives(context, 'fifo');
    ok((await stat(context.path('fifo'))).isFIFO(), 'it is a fifo');
  },
  { operations: ['mknod'], needs: ['mknod'] },
);

group.add(
  'xattrs',
  'extended attributes survive a remount byte for byte',
  async (context) => {
    const value = Buffer.from(Array.from({ length: 200 }, (_, index) => index));
    await writeFile(context.path('file'), 'content');
    context.sys.setxattr(context.path('file'), 'user.binary', value);
    context.sys.setxattr(context.path('file'), 'user.größe', Buffer.from('XL'));
    await context.control.remount();
    equal(
      context.sys.getxattr(context.path('file'), 'user.binary').toString('hex'),
      value.toString('hex'),
      'value',
    );
    equal(
      context.sys.getxattr(context.path('file'), 'user.größe').toString(),
      'XL',
      'value of the other name',
    );
  },
  { operations: ['setxattr'], needs: ['xattr'] },
);

group.add(
  'hard-links',
  'two names of one file are still one file after a remount',
  async (context) => {
    await writeFile(context.path('one'), 'shared');
    await link(context.path('one'), context.path('two'));
    await context.control.remount();
    const [one, two] = [await stat(context.path('one')), await stat(context.path('two'))];
    equal([two.ino, one.nlink, two.nlink], [one.ino, 2, 2], 'inode number and link counts');
  },
  { operations: ['link'], needs: ['hard-link'] },
);

group.add(
  'rename-keeps-metadata',
  'mode, owner and mtime survive rename(2) and a remount',
  async (context) => {
    await writeFile(context.path('file'), 'content');
    await chmod(context.path('file'), 0o640);
    context.sys.utimensat(context.path('file'), { ns: 7n }, { ns: 1_234_567_890_000_000_009n });
    const before = await facts(context.path('file'));
    await rename(context.path('file'), context.path('renamed'));
    await survives(context, 'renamed', before);
    equal(await readFile(context.path('renamed'), 'utf8'), 'content', 'content');
  },
  { operations: ['rename'] },
);

group.add(
  'odd-names',
  'names with odd characters and names of 255 bytes survive a remount',
  async (context) => {
    const names = [
      'line\nbreak',
      '100%+#?',
      'back\\slash',
      ' blank ',
      '🚀',
      'cafe\u0301',
      'caf\u00e9',
      'n'.repeat(255),
      'tab\t\u0007',
    ];
    for (const name of names) await writeFile(context.path(name), name);
    await context.control.remount();
    equal((await readdir(context.directory)).toSorted(), names.toSorted(), 'names after remount');
    for (const name of names)
      equal(await readFile(context.path(name), 'utf8'), name, `content of ${JSON.stringify(name)}`);
  },
  { operations: ['create', 'readdir'] },
);

defineGroup(group);
