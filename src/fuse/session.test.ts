import { ERRNO } from '../errors/errno.js';
import { Failure } from '../errors/failure.js';
import { ROOT_INODE, type FileSystem, type InodeId, type Request } from '../fs/operations.js';
import { INIT_FLAG } from './abi/init-flags.js';
import { OPCODE } from './abi/opcodes.js';
import { FuseSession } from './session.js';
import { hex, requestBytes } from './testing/hex.js';
import { MemoryFileSystem } from './testing/memory-file-system.js';
import { ScriptedChannel } from './testing/scripted-channel.js';
import {
  finished,
  initBody,
  interrupt,
  lookup,
  OPTIONS,
  started,
  withMethods,
} from './testing/session-harness.js';

describe('INIT', () => {
  test('starts the file system, then answers with the smaller minor and what both can do', async () => {
    const fileSystem = new MemoryFileSystem();
    const { channel, session, done } = await started(fileSystem);
    expect(fileSystem.capabilities).toEqual({ maxWriteBytes: 1_048_576, protocolMinor: 41 });
    const negotiated = await session.ready;
    expect(negotiated.flags & INIT_FLAG.WRITEBACK_CACHE).toBe(0n);
    expect(negotiated.flags & INIT_FLAG.MAX_PAGES).toBe(INIT_FLAG.MAX_PAGES);
    expect(channel.replies).toHaveLength(1);
    await finished(channel, done);
    expect(fileSystem.counts.stop).toBe(1);
  });

  test('an old kernel gets an error, and the file system is neither started nor stopped', async () => {
    const fileSystem = new MemoryFileSystem();
    const channel = new ScriptedChannel();
    const session = new FuseSession(channel, fileSystem, OPTIONS);
    const done = session.run();
    channel.push(requestBytes(OPCODE.INIT, 1n, 0n, initBody(30, 0n)));
    await expect(session.ready).rejects.toMatchObject({ kind: 'unsupported' });
    expect(channel.replies).toMatchObject([{ unique: 1n, error: -ERRNO.EOPNOTSUPP }]);
    await finished(channel, done);
    expect(fileSystem.counts.stop).toBe(0);
  });

  test('a connection that ends first is a failure of the mount', async () => {
    const channel = new ScriptedChannel();
    const session = new FuseSession(channel, new MemoryFileSystem(), OPTIONS);
    channel.end('unmounted');
    await session.run();
    await expect(session.ready).rejects.toMatchObject({ kind: 'not-connected' });
  });
});

describe('one reply per request', () => {
  test('a failure of the file system is its errno', async () => {
    const { channel, done } = await started(new MemoryFileSystem());
    channel.push(lookup(2n, 'missing'));
    expect((await channel.replied(2))[1]).toMatchObject({ unique: 2n, error: -ERRNO.ENOENT });
    await finished(channel, done);
  });

  test.each([
    ['rejects with something else', () => Promise.reject(new TypeError('bug'))],
    [
      'throws at once',
      () => {
        throw new TypeError('bug');
      },
    ],
  ])('a handler that %s is EIO', async (_name, statfs) => {
    const { channel, done } = await started(withMethods({ statfs }));
    channel.push(requestBytes(OPCODE.STATFS, 2n, 1n, Buffer.alloc(0)));
    expect((await channel.replied(2))[1]).toMatchObject({ unique: 2n, error: -ERRNO.EIO });
    await finished(channel, done);
  });

  test('an operation that is not served is ENOSYS', async () => {
    const { channel, done } = await started(new MemoryFileSystem());
    channel.push(requestBytes(OPCODE.BMAP, 2n, 1n, Buffer.alloc(16)));
    expect((await channel.replied(2))[1]).toMatchObject({ unique: 2n, error: -ERRNO.ENOSYS });
    await finished(channel, done);
  });

  test('a malformed request is EINVAL, a malformed FORGET nothing', async () => {
    const { channel, done } = await started(new MemoryFileSystem());
    channel.push(requestBytes(OPCODE.FORGET, 2n, 17n, Buffer.alloc(4)));
    channel.push(requestBytes(OPCODE.LOOKUP, 4n, 1n, Buffer.from('no end')));
    expect((await channel.replied(2))[1]).toMatchObject({ unique: 4n, error: -ERRNO.EINVAL });
    expect(channel.replies).toHaveLength(2);
    await finished(channel, done);
  });

  test('FORGET and INTERRUPT have none', async () => {
    const fileSystem = new MemoryFileSystem();
    const { channel, done } = await started(fileSystem);
    channel.push(requestBytes(OPCODE.MKDIR, 2n, 1n, hex('ed010000 00000000 "d" 00')));
    const ino = (await channel.replied(2))[1]?.body.readBigUInt64LE(0) ?? 0n;
    expect(fileSystem.tree.node(ino as InodeId).lookups).toBe(1n);
    channel.push(requestBytes(OPCODE.FORGET, 4n, ino, hex('0100000000000000')), interrupt(99n));
    channel.push(requestBytes(OPCODE.STATFS, 6n, 1n, Buffer.alloc(0)));
    expect((await channel.replied(3))[2]).toMatchObject({ unique: 6n });
    expect(fileSystem.tree.node(ino as InodeId).lookups).toBe(0n);
    await finished(channel, done);
  });

  test('a missing name may be remembered where the mount says so', async () => {
    const { channel, done } = await started(new MemoryFileSystem(), { negativeTtlMs: 3_000 });
    channel.push(lookup(2n, 'missing'));
    const reply = (await channel.replied(2))[1];
    expect(reply?.error).toBe(0);
    expect([reply?.body.readBigUInt64LE(0), reply?.body.readBigUInt64LE(16)]).toEqual([0n, 3n]);
    await finished(channel, done);
  });
});

describe('what the kernel did not take', () => {
  test('an entry that nobody waits for is forgotten again', async () => {
    const fileSystem = new MemoryFileSystem();
    const { channel, done } = await started(fileSystem);
    channel.outcome = 'unwanted';
    channel.push(requestBytes(OPCODE.MKDIR, 2n, 1n, hex('ed010000 00000000 "d" 00')));
    await channel.replied(2);
    const node = fileSystem.tree.child(ROOT_INODE, 'd');
    await finished(channel, done);
    expect(node.lookups).toBe(0n);
  });

  test('a created file that nobody waits for is closed and forgotten', async () => {
    const fileSystem = new MemoryFileSystem();
    const { channel, done } = await started(fileSystem);
    channel.outcome = 'unwanted';
    channel.push(requestBytes(OPCODE.CREATE, 2n, 1n, hex('41800000 a4810000 00000000 00000000 "f" 00')));
    await channel.replied(2);
    const node = fileSystem.tree.child(ROOT_INODE, 'f');
    await finished(channel, done);
    expect([node.lookups, fileSystem.openHandles]).toEqual([0n, 0]);
  });

  test('a reply that the kernel rejects is followed by an error, so that nobody waits for ever', async () => {
    const { channel, done } = await started(new MemoryFileSystem());
    channel.outcome = 'rejected';
    channel.push(requestBytes(OPCODE.STATFS, 2n, 1n, Buffer.alloc(0)));
    const replies = await channel.replied(3);
    expect(replies[2]).toMatchObject({ unique: 2n, error: -ERRNO.EIO });
    await finished(channel, done);
  });
});

describe('interrupts', () => {
  function untilAborted() {
    const begun = { signal: undefined as AbortSignal | undefined };
    const statfs: FileSystem['statfs'] = async (_ino, { signal }) => {
      begun.signal = signal;
      if (!signal.aborted)
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
      throw new Failure('cancelled', 'stopped');
    };
    return { begun, statfs };
  }

  test('abort the signal of the request that they name', async () => {
    const { statfs } = untilAborted();
    const { channel, done } = await started(withMethods({ statfs }));
    channel.push(requestBytes(OPCODE.STATFS, 2n, 1n, Buffer.alloc(0)), interrupt(2n));
    expect((await channel.replied(2))[1]).toMatchObject({ unique: 2n, error: -ERRNO.EINTR });
    await finished(channel, done);
  });

  test('that come before their request hold for it', async () => {
    const { statfs } = untilAborted();
    const { channel, done } = await started(withMethods({ statfs }));
    channel.push(interrupt(2n), requestBytes(OPCODE.STATFS, 2n, 1n, Buffer.alloc(0)));
    expect((await channel.replied(2))[1]).toMatchObject({ unique: 2n, error: -ERRNO.EINTR });
    await finished(channel, done);
  });

  test('leave a request alone whose caller goes on, until a signal comes that ends it', async () => {
    const { begun, statfs } = untilAborted();
    const asked: number[] = [];
    const isDying = (threadId: number): boolean => {
      asked.push(threadId);
      return asked.length > 2;
    };
    const { channel, done } = await started(withMethods({ statfs }), { isDying });
    channel.push(requestBytes(OPCODE.STATFS, 2n, 1n, Buffer.alloc(0)), interrupt(2n), lookup(4n, 'missing'));
    expect((await channel.replied(2))[1]).toMatchObject({ unique: 4n });
    expect(begun.signal?.aborted).toBe(false);
    expect((await channel.replied(3))[2]).toMatchObject({ unique: 2n, error: -ERRNO.EINTR });
    expect(asked).toEqual([42, 42, 42]);
    await finished(channel, done);
  });

  test.each([
    ['flush', OPCODE.FLUSH, 24],
    ['fsync', OPCODE.FSYNC, 16],
  ] as const)('do not stop %s: bytes that were accepted are saved', async (method, opcode, bodyBytes) => {
    let save: () => void = () => undefined;
    const saving = new Promise<void>((resolve) => (save = resolve));
    const signals: AbortSignal[] = [];
    const work = async (signal: AbortSignal): Promise<void> => {
      signals.push(signal);
      await saving;
      signal.throwIfAborted();
    };
    const { channel, done } = await started(
      withMethods({
        [method]: (_ino: unknown, _handle: unknown, ...rest: unknown[]) =>
          work((rest.find((argument) => typeof argument === 'object') as Request).signal),
      }),
    );
    channel.push(interrupt(4n), requestBytes(opcode, 2n, 1n, Buffer.alloc(bodyBytes)), interrupt(2n));
    channel.push(requestBytes(opcode, 4n, 1n, Buffer.alloc(bodyBytes)));
    channel.push(requestBytes(OPCODE.STATFS, 6n, 1n, Buffer.alloc(0)));
    await channel.replied(2); // that of STATFS: all before it were taken
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    save();
    const replies = await channel.replied(4);
    expect(replies.map(({ error }) => error)).toEqual([0, 0, 0, 0]);
    await finished(channel, done);
  });

  test('the end of the mount aborts whatever is in flight, and stop comes after the last of them', async () => {
    const { statfs } = untilAborted();
    const order: string[] = [];
    const fileSystem = withMethods({
      statfs: (ino, request) => statfs(ino, request).finally(() => order.push('statfs')),
      stop: () => {
        order.push('stop');
        return Promise.resolve();
      },
    });
    const { channel, done } = await started(fileSystem);
    channel.push(requestBytes(OPCODE.STATFS, 2n, 1n, Buffer.alloc(0)));
    await finished(channel, done);
    expect(order).toEqual(['statfs', 'stop']);
  });

  test('what stop could not save is the result of the session', async () => {
    const lost = new Failure('server-error', 'Could not save a');
    const { channel, done } = await started(withMethods({ stop: () => Promise.reject(lost) }));
    channel.end('unmounted');
    await expect(done).rejects.toBe(lost);
  });
});

test('notifications of the same thing that wait are sent once, in order', async () => {
  const fileSystem = new MemoryFileSystem();
  const { channel, done } = await started(fileSystem);
  const five = 5n as InodeId;
  fileSystem.notifier?.invalidateInode(five, 0n, 0n);
  fileSystem.notifier?.invalidateEntry(ROOT_INODE, 'a');
  fileSystem.notifier?.invalidateEntry(ROOT_INODE, 'a');
  await new Promise(setImmediate);
  expect(channel.notifications.map((message) => message.readInt32LE(4))).toEqual([2, 3]);
  await finished(channel, done);
});

test('a read of several pieces is one reply', async () => {
  const read = () => Promise.resolve([Buffer.from('ab'), Buffer.from('cd')]);
  const { channel, done } = await started(withMethods({ read }));
  channel.push(requestBytes(OPCODE.READ, 2n, 5n, Buffer.alloc(40)));
  expect((await channel.replied(2))[1]?.body.toString()).toBe('abcd');
  await finished(channel, done);
});
