import { Failure } from '../errors/failure.js';
import { ROOT_INODE } from '../fs/operations.js';
import { OPCODE } from './abi/opcodes.js';
import { hex, requestBytes } from './testing/hex.js';
import { MemoryFileSystem } from './testing/memory-file-system.js';
import { finished, started, withMethods, write } from './testing/session-harness.js';

describe('back pressure', () => {
  test('at the limit of requests reading stops, and goes on after a reply', async () => {
    const waiting: (() => void)[] = [];
    let served = 0;
    const memory = new MemoryFileSystem();
    const fileSystem = withMethods({
      statfs: async () => {
        served += 1;
        await new Promise<void>((resolve) => waiting.push(resolve));
        return memory.statfs();
      },
    });
    const { channel, done } = await started(fileSystem, { maxRequests: 3 });
    const requests = [2n, 4n, 6n, 8n, 10n].map((unique) =>
      requestBytes(OPCODE.STATFS, unique, 1n, Buffer.alloc(0)),
    );
    channel.push(...requests);
    await new Promise(setImmediate);
    expect([channel.received, served]).toEqual([1 + 3, 3]);
    waiting.shift()?.();
    await channel.replied(2);
    await new Promise(setImmediate);
    expect([channel.received, served]).toEqual([1 + 4, 4]);
    while (channel.replies.length < 6) {
      waiting.shift()?.();
      await new Promise(setImmediate);
    }
    await finished(channel, done);
  });

  test('payloads of writes stay whole until their handler settles, in a bounded number of buffers', async () => {
    const held: { readonly data: Uint8Array; readonly go: () => void }[] = [];
    const fileSystem = withMethods({
      removexattr: () => Promise.reject(new Failure('no-attribute', 'none')),
      write: async (_ino, _handle, _offset, data) => {
        await new Promise<void>((go) => held.push({ data, go }));
        return data.length;
      },
    });
    const { channel, done } = await started(fileSystem, { maxWriteBuffers: 2 });
    channel.push(
      ...['one', 'two', 'six', 'ten'].map((text, index) => write(BigInt(2 + index * 2), 5n, text)),
    );
    await new Promise(setImmediate);
    expect(held.map(({ data }) => Buffer.from(data).toString())).toEqual(['one', 'two', 'six']);
    expect(channel.received).toBe(1 + 3);
    held[0]?.go();
    await channel.replied(2);
    await new Promise(setImmediate);
    expect(held.map(({ data }) => Buffer.from(data).toString()).slice(1)).toEqual(['two', 'six', 'ten']);
    for (const { go } of held) go();
    await channel.replied(5);
    await finished(channel, done);
  });
});

describe('privileges', () => {
  const KILL_SUIDGID = 4;

  test('a write by somebody without rights takes set-user-id away, once', async () => {
    const fileSystem = new MemoryFileSystem();
    const { channel, done } = await started(fileSystem);
    channel.push(requestBytes(OPCODE.CREATE, 2n, 1n, hex('41800000 ed890000 00000000 00000000 "f" 00')));
    await channel.replied(2);
    const node = fileSystem.tree.child(ROOT_INODE, 'f');
    node.mode = 0o104755;
    node.xattrs.set('security.capability', Uint8Array.of(1));
    channel.push(write(4n, node.ino, 'a', KILL_SUIDGID));
    await channel.replied(3);
    expect([node.mode, node.xattrs.size]).toEqual([0o100755, 0]);
    await finished(channel, done);
  });

  test('a write by root keeps the mode but takes capabilities away', async () => {
    const fileSystem = new MemoryFileSystem();
    const { channel, done } = await started(fileSystem);
    channel.push(requestBytes(OPCODE.CREATE, 2n, 1n, hex('41800000 ed890000 00000000 00000000 "f" 00')));
    await channel.replied(2);
    const node = fileSystem.tree.child(ROOT_INODE, 'f');
    node.mode = 0o104755;
    node.xattrs.set('security.capability', Uint8Array.of(1));
    channel.push(write(4n, node.ino, 'a'));
    await channel.replied(3);
    expect([node.mode, node.xattrs.size]).toEqual([0o104755, 0]);
    await finished(channel, done);
  });
});
