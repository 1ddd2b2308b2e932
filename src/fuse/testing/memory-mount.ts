import { silentLog } from '../../log/log.js';
import { mountFileSystem } from '../mount.js';
import { mountNative } from '../native/mount-native.js';
import { MemoryFileSystem } from './memory-file-system.js';

/**
 * A process that mounts the memory file system: `node memory-mount.js DIR [TTL_MS [BINDING]]`. Commands come as lines on stdin
 * (`counts`, `abort`, `unmount`, `lazy`), answers go as JSON lines to stdout.
 */
const [mountPoint = '', ttlMs = '0', binding = 'kernel'] = process.argv.slice(2);
const fileSystem = new MemoryFileSystem({ ttlMs: Number(ttlMs) });

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

try {
  const options = { mountPoint, fsName: 's3://memory/test', allowOther: process.getuid?.() === 0 };
  const start = binding === 'fuse-native' ? mountNative : mountFileSystem;
  const mount = await start(fileSystem, { ...options, log: silentLog });
  say({ event: 'mounted', capabilities: fileSystem.capabilities, device: mount.device });
  process.stdin.setEncoding('utf8').on('data', (chunk: Buffer | string) => {
    for (const command of chunk.toString().trim().split('\n')) void run(command);
  });
  const run = async (command: string): Promise<void> => {
    try {
      if (command === 'abort') await mount.abort();
      if (command === 'unmount') await mount.unmount();
      if (command === 'lazy') await mount.unmount('lazy');
      const { openHandles, counts, tree } = fileSystem;
      say({ event: command, openHandles, nodes: tree.nodeCount, ...counts });
    } catch (reason) {
      say({ event: command, failure: reason instanceof Error ? reason.message : String(reason) });
    }
  };
  await mount.done;
  say({ event: 'done', openHandles: fileSystem.openHandles, ...fileSystem.counts });
  process.stdin.destroy();
} catch (reason) {
  say({ event: 'failed', message: reason instanceof Error ? reason.message : String(reason) });
  process.exitCode = 1;
}
if (binding === 'fuse-native') process.exit(); // the package keeps its handles open
