import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { compiledModule } from '../../config/paths.js';

/** One line that the process says. */
export interface MountEvent {
  readonly event: string;
  readonly message?: string;
  readonly failure?: string;
  readonly device?: string;
  readonly openHandles?: number;
  readonly nodes?: number;
  readonly stop?: number;
  /** Reads of `hang` so far, and those of them that an interrupt ended. */
  readonly hanging?: number;
  readonly interrupted?: number;
  readonly write?: number;
  readonly getxattr?: number;
}

export interface MemoryMountProcess {
  readonly directory: string;
  readonly pid: number;
  /** Sends a command and waits for its answer. */
  ask(command: 'counts' | 'abort' | 'unmount' | 'lazy'): Promise<MountEvent>;
  /** The next event of this name, also one that came already. */
  event(name: string): Promise<MountEvent>;
  readonly exited: Promise<unknown>;
  /** Unmounts whatever is left and removes the directory. */
  dispose(): Promise<void>;
}

/** Mounts the memory file system in a process of its own, on a directory of its own. */
export async function startMemoryMount(
  options: { readonly ttlMs?: number; readonly binding?: 'kernel' | 'fuse-native' } = {},
): Promise<MemoryMountProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'objectfs-mount-'));
  const script = compiledModule('src/fuse/testing/memory-mount.js');
  const child = spawn(
    process.execPath,
    [script, directory, String(options.ttlMs ?? 0), options.binding ?? 'kernel'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  // It may be about to exit by itself when it is told to.
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  const event = eventReader(child.stdout);
  const ask = async (command: string): Promise<MountEvent> => {
    child.stdin.write(`${command}\n`);
    return event(command);
  };
  const started = await Promise.race([event('mounted'), event('failed')]);
  if (started.event === 'failed') throw new Error(started.message);
  const dispose = async (): Promise<void> => {
    child.stdin.write('lazy\n');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(timer);
    await rmdir(directory);
  };
  return { directory, pid: child.pid ?? 0, ask, event, exited, dispose };
}

function eventReader(output: Readable): (name: string) => Promise<MountEvent> {
  const seen: MountEvent[] = [];
  const waiting = new Map<string, (event: MountEvent) => void>();
  createInterface({ input: output }).on('line', (line) => {
    // The process is our own, from the same build.
    const event = JSON.parse(line) as MountEvent;
    const waiter = waiting.get(event.event);
    waiting.delete(event.event);
    if (waiter === undefined) seen.push(event);
    else waiter(event);
  });
  return async (name) => {
    const index = seen.findIndex((one) => one.event === name);
    const [found] = index < 0 ? [] : seen.splice(index, 1);
    return found ?? new Promise((resolve) => waiting.set(name, resolve));
  };
}
