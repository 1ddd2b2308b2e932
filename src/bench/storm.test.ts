import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { configSchema } from '../config/schema.js';
import type { FaultRules } from '../emulator/faults/rules.js';
import { judgeStorm } from '../harness/verdict.js';
import { stormSentences } from '../report/layout/storm.js';
import type { StormArm } from '../report/storm-model.js';
import { startEmulatedStore } from '../s3/testing/emulated-store.js';
import { measureStorm } from './storm.js';

test('each arm meets the limit alone, and what was refused is told as the server counted it', async () => {
  const server = await startEmulatedStore(['storm']);
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-storm-'));
  try {
    const { emulator, connection } = server;
    const { transfer } = configSchema.parse({});
    const wish = { requestsPerSecond: 5, transfer, warmUpMs: 0, measuredMs: 0 };
    const seen: { matched: number; fired: number }[] = [];
    // Gated on what the server has counted: a refusal first, then one more request.
    const faultCounts = async () => {
      const least = seen.length % 2 === 0 ? 0 : (seen.at(-1)?.matched ?? 0);
      for (;;) {
        const counts = emulator.faultCounts();
        const [count] = counts;
        if (count !== undefined && count.fired > 0 && count.matched > least) {
          seen.push(count);
          return counts;
        }
        await setTimeout(10);
      }
    };
    const control = {
      setFaults: (rules?: FaultRules): void => {
        emulator.setFaults(rules);
      },
      faultCounts,
    };
    const site = { connection, bucket: 'storm', control, folder };
    const arms = await measureStorm(wish, site, new AbortController().signal);
    expect(arms.map(({ arm }) => arm)).toEqual(['plain', 'sdk', 'optimized']);
    for (const [index, { asked, refused, goodputShare, refusedShare, measuredMs }] of arms.entries()) {
      const [before, after] = seen.slice(2 * index);
      expect(asked).toBe((after?.matched ?? NaN) - (before?.matched ?? NaN));
      expect(refused).toBe((after?.fired ?? NaN) - (before?.fired ?? NaN));
      expect(refusedShare).toBe(refused / asked);
      expect(goodputShare).toBeCloseTo((asked - refused) / ((5 * measuredMs) / 1000), 6);
    }
    // The limit is gone with the bench.
    expect(emulator.faultCounts()).toEqual([]);
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});

describe('the verdict on a storm', () => {
  const arm = (over: Partial<StormArm>): StormArm => ({
    ...{ arm: 'optimized', measuredMs: 10_000, asked: 1000, refused: 10, goodputShare: 0.99 },
    ...{ refusedShare: 0.01, completed: 15, failed: 0, fellBack: 0 },
    ...over,
  });
  const judge = (...arms: StormArm[]) =>
    judgeStorm({ requestsPerSecond: 100, warmUpMs: 10_000, arms }, []).verdict;

  test('it is of optimized alone: 0.9 of the allowed, under 5 % refused, none given up', () => {
    const plain = arm({ arm: 'plain', goodputShare: 0.2, refusedShare: 0.9, failed: 70 });
    expect(judge(plain, arm({}))).toBe('passed');
    expect(judge(plain, arm({ goodputShare: 0.89 }))).toBe('failed');
    expect(judge(plain, arm({ refusedShare: 0.05 }))).toBe('failed');
    expect(judge(plain, arm({ failed: 1 }))).toBe('failed');
    expect(judge(plain)).toBe('failed');
  });

  test('a line for each arm, the first for optimized', () => {
    const arms = [
      arm({ arm: 'plain', goodputShare: 0.5, refusedShare: 0.25, refused: 250, failed: 2 }),
      arm({}),
    ];
    const [title, plain] = stormSentences({ requestsPerSecond: 100, warmUpMs: 10_000, arms });
    expect(title).toMatch(/^Optimized transfer gets 99\.0 % of the 100 requests\/s/);
    expect(plain).toMatch(
      /^plain: goodput 50\.0 % .* 25\.0 % refused \(250 of 1,000 requests\).* 2 were given up/,
    );
  });
});
