import { configSchema } from '../../config/schema.js';
import { silentLog } from '../../log/log.js';
import { silentProgress } from '../../log/progress.js';
import type { Cleanup } from '../../report/model.js';
import { describeMount } from '../testing/mount-tests.js';
import { temporaryRun, type TemporaryRun } from '../testing/temporary-run.js';
import { LaneKeeper } from './lane-keeper.js';

const signal = new AbortController().signal;

describeMount('a lane of the board', () => {
  let run: TemporaryRun;
  const cleanup: Cleanup[] = [];

  beforeEach(async () => {
    run = await temporaryRun();
  });

  afterEach(async () => {
    await run.remove();
  });

  function openKeeper(): Promise<LaneKeeper> {
    const rest = {
      config: configSchema.parse({}),
      seed: 1,
      fixtures: [],
      progress: silentProgress,
      log: silentLog,
    };
    const tools = { scope: run.scope, ...rest };
    return LaneKeeper.open({ name: 'lane', suites: [], tools, version: '0.0.0' }, cleanup, signal);
  }

  async function killDaemons(): Promise<void> {
    const [entry] = await run.ledger.runs();
    const daemons = entry?.processes.filter(({ role }) => role === 'daemon') ?? [];
    expect(daemons).toHaveLength(1);
    for (const { process: daemon } of daemons) process.kill(daemon.pid, 'SIGKILL');
  }

  it('is told broken where its mount dies, and the next work gets a new one that works', async () => {
    const keeper = await openKeeper();
    try {
      const broke = await keeper.use(async (lane) => {
        await killDaemons();
        return lane.area();
      }, signal);
      expect(broke).toHaveProperty('broke.message', expect.stringContaining('mkdir'));
      expect(await keeper.use((lane) => lane.area(), signal)).toEqual({ result: 'lane-2-1' });
    } finally {
      await keeper.close();
    }
    expect(cleanup.map(({ proven }) => proven)).toEqual([true, true]);
  }, 60_000);
});
