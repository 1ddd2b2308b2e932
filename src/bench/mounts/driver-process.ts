/**
 * Entry point of a driver: does the workloads on a target, in a process that is neither the runner nor the target's.
 * File calls are synchronous where they are timed: nothing else has to go on here.
 */
import { Failure } from '../../errors/failure.js';
import { answerParent } from '../child-process.js';
import type { Action, Timed } from './actions/action.js';
import { randomRead, read, reread, write } from './actions/bytes.js';
import { stat } from './actions/calls.js';
import { fioRead, fioWrite } from './actions/fio.js';
import { gitStatus } from './actions/git.js';
import { create, find, list, remove, untar } from './actions/trees.js';
import type { FromDriver, ToDriver } from './driver-protocol.js';
import type { WorkloadName } from './workloads.js';

const ACTIONS: Readonly<Record<WorkloadName, Action>> = {
  write,
  read,
  'random-read': randomRead,
  stat,
  create,
  list,
  find,
  untar,
  'git-status': gitStatus,
  delete: remove,
  reread,
  'fio-seq-write': fioWrite('write'),
  'fio-seq-read': fioRead('read'),
  'fio-rand-write': fioWrite('randwrite'),
  'fio-rand-read': fioRead('randread'),
};

let last: Timed | undefined;

answerParent(async (message): Promise<FromDriver> => {
  const { step, job } = message as ToDriver; // both ends are this package: the shape is the protocol's
  const action = ACTIONS[job.workload];
  switch (step) {
    case 'fixture':
      await action.fixture?.(job);
      return { type: 'done' };
    case 'prepare':
      await action.prepare?.(job);
      return { type: 'done' };
    case 'run': {
      let startedMs = NaN;
      last = await action.run(job, () => (startedMs = performance.now()));
      const { bytes, elapsedMs = performance.now() - startedMs } = last;
      return { type: 'timed', elapsedMs, bytes };
    }
    case 'check': {
      if (last === undefined) throw new Failure('internal', 'A check came before its run');
      return { type: 'checked', result: await last.check() };
    }
    case 'discard':
      last = undefined;
      await action.discard?.(job);
      return { type: 'done' };
  }
});
