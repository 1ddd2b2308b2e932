import { runInLanes, type LaneJob, type Lanes } from './lanes.js';

type Job = LaneJob<string, string>;

/** What ran where, in the order of beginnings and ends. */
function recorder() {
  const events: string[] = [];
  const running = new Set<string>();
  const beside = new Map<string, number>();
  const job = (name: string, work: Job['run'], isAlone = false, weightMs = 0): Job => ({
    isAlone,
    weightMs,
    async run(lane, begun, signal) {
      running.add(name);
      for (const each of running) beside.set(each, Math.max(beside.get(each) ?? 0, running.size - 1));
      events.push(`${name} in ${lane}`);
      try {
        return await work(lane, begun, signal);
      } finally {
        running.delete(name);
        events.push(`${name} ended`);
      }
    },
  });
  const second: Lanes<string>['withSecond'] = async (use) => {
    events.push('second opened');
    try {
      await use('second');
    } finally {
      events.push('second closed');
    }
  };
  return { events, beside, job, lanes: { first: 'first', withSecond: second } };
}

/** A job that ends when another one has let it. */
function latch(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error); // what the lanes have stopped it with
    });
  });
}

const NEVER = new AbortController().signal;

describe('runInLanes', () => {
  test('two jobs are done side by side, and the results are in the order of the jobs', async () => {
    const { job, lanes, beside } = recorder();
    const shortIsDone = latch();
    const results = await runInLanes(
      [
        job('alone', () => Promise.resolve('alone'), true),
        job('long', async (_lane, begun) => {
          begun();
          await shortIsDone.opened;
          return 'long';
        }),
        job('short', (lane) => {
          shortIsDone.open();
          return Promise.resolve(`short in ${lane}`);
        }),
      ],
      lanes,
      NEVER,
    );
    expect(results).toEqual(['alone', 'long', 'short in second']);
    expect(Object.fromEntries(beside)).toEqual({ alone: 0, long: 1, short: 1 });
  });

  test('the longest begins first, and the results are in the order of the jobs all the same', async () => {
    const { job, events } = recorder();
    const ends = (lane: string): Promise<string> => Promise.resolve(lane);
    const jobs = [
      job('alone', ends, true, 90),
      job('short', ends, false, 1),
      job('long', ends, false, 50),
      job('middle', ends, false, 2),
    ];
    await runInLanes(jobs, { first: 'only' }, NEVER);
    expect(events.filter((event) => event.endsWith('ended'))).toEqual([
      'long ended',
      'middle ended',
      'short ended',
      'alone ended',
    ]);
  });

  test('without a second lane one job is done after the other', async () => {
    const { job, beside } = recorder();
    const jobs = ['a', 'b', 'c'].map((name) => job(name, (lane) => Promise.resolve(`${name} in ${lane}`)));
    expect(await runInLanes(jobs, { first: 'only' }, NEVER)).toEqual(['a in only', 'b in only', 'c in only']);
    expect([...beside.values()]).toEqual([0, 0, 0]);
  });

  test('a first job that can not begin ends the run, and no second lane is opened', async () => {
    const { job, lanes, events } = recorder();
    const jobs = [
      job('first', () => Promise.reject(new Error('no such target'))),
      job('next', () => Promise.resolve('')),
    ];
    await expect(runInLanes(jobs, lanes, NEVER)).rejects.toThrow('no such target');
    expect(events).toEqual(['first in first', 'first ended']);
  });

  test('what ends the run stops the job beside it, and waits until that has cleaned up', async () => {
    const { job, lanes, events } = recorder();
    const nextRuns = latch();
    const jobs = [
      job('first', async (_lane, begun) => {
        begun();
        await nextRuns.opened;
        throw new Error('lost');
      }),
      job('next', async (_lane, _begun, signal) => {
        nextRuns.open();
        return aborted(signal);
      }),
      job('last', () => Promise.resolve('')),
    ];
    await expect(runInLanes(jobs, lanes, NEVER)).rejects.toThrow('lost');
    expect(events).toEqual([
      'first in first',
      'second opened',
      'next in second',
      'first ended',
      'next ended',
      'second closed',
    ]);
  });

  test('the signal of the run reaches both lanes, and nothing that is left begins', async () => {
    const { job, lanes, events } = recorder();
    const stop = new AbortController();
    const jobs = [
      job('first', (_lane, begun, signal) => {
        begun();
        return aborted(signal);
      }),
      job('next', (_lane, _begun, signal) => {
        const ended = aborted(signal);
        stop.abort(new Error('Ctrl-C'));
        return ended;
      }),
      job('last', () => Promise.resolve('')),
      job('alone', () => Promise.resolve(''), true),
    ];
    await expect(runInLanes(jobs, lanes, stop.signal)).rejects.toThrow('Ctrl-C');
    expect(events.toSorted()).toEqual([
      'first ended',
      'first in first',
      'next ended',
      'next in second',
      'second closed',
      'second opened',
    ]);
  });
});
