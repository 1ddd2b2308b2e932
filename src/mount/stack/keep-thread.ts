import { rm } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { compiledModule, packageRoot } from '../../config/paths.js';
import { Failure } from '../../errors/failure.js';
import type { Log } from '../../log/log.js';
import type { MountPlan } from '../plan.js';
import { ensureStateFolder } from '../state-folder.js';
import { stackSocketPath, type StackThreadData } from './messages.js';

/** It answers one question in a while; without a bound V8 would give it the heap of a main thread. */
const HEAP_MIB = 16;

/** The thread has to be there before anything hangs, and takes 10 MiB: only where hangs are looked for. */
export function wantsStackThread({ tellsStack, config }: MountPlan): boolean {
  return tellsStack === true || config.log.level === 'debug' || config.log.level === 'trace';
}

/** Starts the thread that tells where this one is. A mount does without it where that fails. */
export async function keepStackThread(device: string, log: Log): Promise<{ close(): Promise<void> }> {
  const path = stackSocketPath(await ensureStateFolder(), device);
  const thread = new Worker(compiledModule('src/mount/stack/thread.js'), {
    workerData: { path, root: `${packageRoot}/` } satisfies StackThreadData,
    name: 'objectfs-stack',
    env: {}, // it needs none of the secrets there
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  thread.unref();
  thread.on('error', (reason) => {
    log.warn({ err: Failure.from(reason) }, 'the thread that tells stacks has ended');
  });
  return {
    close: async () => {
      await thread.terminate();
      await rm(path, { force: true });
    },
  };
}
