import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { startMemoryMount } from '../testing/memory-mount-process.js';

const LIBRARIES = [
  '/lib/x86_64-linux-gnu/libfuse.so.2',
  '/usr/lib/x86_64-linux-gnu/libfuse.so.2',
  '/usr/lib64/libfuse.so.2',
];
const canMount =
  existsSync('/dev/fuse') && process.getuid?.() === 0 && LIBRARIES.some((path) => existsSync(path));
const testMount = canMount ? test : test.skip;

testMount(
  'the fuse-native binding does the ordinary operations (needs /dev/fuse, root and libfuse 2)',
  async () => {
    const mount = await startMemoryMount({ binding: 'fuse-native' });
    try {
      const at = (name: string): string => join(mount.directory, name);
      const bytes = Buffer.alloc(1_000_001, 'objectfs ');
      await fs.mkdir(at('d'));
      await fs.writeFile(at('d/a'), bytes);
      expect((await fs.readFile(at('d/a'))).equals(bytes)).toBe(true);
      await fs.rename(at('d/a'), at('b'));
      await fs.symlink('b', at('s'));
      await fs.truncate(at('s'), 7);
      expect(await fs.readFile(at('s'), 'utf8')).toBe('objectf');
      expect((await fs.readdir(mount.directory)).sort()).toEqual(['b', 'd', 's']);
      await fs.rm(at('d'), { recursive: true });
      await fs.unlink(at('b'));
      await fs.unlink(at('s'));
      expect(await mount.ask('counts')).toMatchObject({ nodes: 1, openHandles: 0 });
    } finally {
      await mount.dispose();
    }
  },
);
