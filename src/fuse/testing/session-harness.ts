import type { FileSystem } from '../../fs/operations.js';
import { silentLog } from '../../log/log.js';
import { OPCODE } from '../abi/opcodes.js';
import { FuseSession, type SessionOptions } from '../session.js';
import { requestBytes } from './hex.js';
import { MemoryFileSystem } from './memory-file-system.js';
import { ScriptedChannel } from './scripted-channel.js';

export const OPTIONS: SessionOptions = {
  log: silentLog,
  maxBackground: 64,
  maxRequests: 8,
  maxWriteBuffers: 2,
  passthrough: false,
  negativeTtlMs: 0,
  isDying: () => true,
  canWrite: () => false,
  drainTimeoutMs: 5_000,
};

const INIT = requestBytes(OPCODE.INIT, 1n, 0n, initBody(45, 0xffffffffn));

export function initBody(minor: number, flags: bigint): Buffer {
  const body = Buffer.alloc(64);
  body.writeUInt32LE(7, 0);
  body.writeUInt32LE(minor, 4);
  body.writeUInt32LE(131_072, 8);
  body.writeUInt32LE(Number(flags & 0xffffffffn), 12);
  return body;
}

export function lookup(unique: bigint, name: string): Buffer {
  return requestBytes(OPCODE.LOOKUP, unique, 1n, Buffer.from(`${name}\0`));
}

export function write(unique: bigint, ino: bigint, text: string, flags = 0): Buffer {
  const body = Buffer.alloc(40);
  body.writeUInt32LE(text.length, 16);
  body.writeUInt32LE(flags, 20);
  return requestBytes(OPCODE.WRITE, unique, ino, Buffer.concat([body, Buffer.from(text)]));
}

export function interrupt(unique: bigint): Buffer {
  const body = Buffer.alloc(8);
  body.writeBigUInt64LE(unique);
  return requestBytes(OPCODE.INTERRUPT, unique | 1n, 0n, body);
}

/** A file system whose methods of this name are replaced. */
export function withMethods(changed: Partial<FileSystem>): FileSystem {
  return Object.assign(new MemoryFileSystem(), changed);
}

/** A session that has answered INIT. */
export async function started(fileSystem: FileSystem, options: Partial<SessionOptions> = {}) {
  const channel = new ScriptedChannel();
  const session = new FuseSession(channel, fileSystem, { ...OPTIONS, ...options });
  const done = session.run();
  channel.push(INIT);
  await session.ready;
  return { channel, session, done };
}

export async function finished(channel: ScriptedChannel, done: Promise<unknown>): Promise<void> {
  channel.end('unmounted');
  await done;
}
