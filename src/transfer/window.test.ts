import { configSchema, type Config } from '../config/schema.js';
import { Failure } from '../errors/failure.js';
import { silentLog } from '../log/log.js';
import type { ObjectStore } from '../s3/store.js';
import { createRetryBudget, tryPart, type TransferContext } from './context.js';
import { PathEstimate } from './path-estimate.js';
import { newTally } from './tally.js';
import { runWindowed } from './window.js';

/** No request is sent: the work of the parts is made here. */
const NO_STORE = {} as ObjectStore;

function contextOf(congestion: Config['transfer']['congestion']): TransferContext {
  return {
    store: NO_STORE,
    settings: { ...configSchema.parse({}).transfer, congestion },
    tally: newTally(),
    budget: createRetryBudget(),
    path: new PathEstimate(),
    policy: { baseDelayMs: 1, maxDelayMs: 1 },
    log: silentLog,
    startMs: 0,
  };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Parts that have begun after the first one was answered 503 once, tried again, and succeeded. */
async function startedAfterLoss(congestion: Config['transfer']['congestion']): Promise<number> {
  const context = contextOf(congestion);
  const ends: (() => void)[] = [];
  let next = 0;
  let started = 0;
  let tries = 0;
  let tellFirst = (): void => undefined;
  const first = new Promise<void>((resolve) => (tellFirst = resolve));
  const running = runWindowed<number>(
    context,
    {
      pieceBytes: 1000,
      connections: 4,
      next: () => Promise.resolve(next < 10 ? (next += 1) : undefined),
      run: (piece, stop, window) =>
        tryPart(
          context,
          1000,
          stop,
          async () => {
            if (piece === 1 && (tries += 1) === 1) throw new Failure('throttled', 'SlowDown');
            if (piece === 1) {
              tellFirst();
              return;
            }
            started += 1;
            await new Promise<void>((resolve) => ends.push(resolve));
          },
          window,
        ),
    },
    undefined,
  );
  await first;
  await turns();
  const seen = started;
  const drain = setInterval(() => {
    for (const end of ends.splice(0)) end();
  }, 0);
  await running;
  clearInterval(drain);
  return seen;
}

test('after a 503 a fixed window begins the next part at once, cubic and bbr wait for others to end', async () => {
  expect(await startedAfterLoss('fixed')).toBe(4);
  expect(await startedAfterLoss('cubic')).toBeLessThan(4);
  expect(await startedAfterLoss('bbr')).toBeLessThan(4);
});
