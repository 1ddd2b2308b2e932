import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leftoversAt, makePlace, NOTHING_LEFT, startObjectfs, type Place } from './testing/command-line.js';

/** Both runs and their reports. */
const LIMIT_MS = 180_000;

let place: Place;
beforeEach(async () => {
  place = await makePlace();
  await mkdir(join(place.work, 'target'));
});
afterEach(async () => {
  await place.remove();
});

/** Replays a program that makes these directories, on a plain directory. */
async function replay(...directories: readonly string[]) {
  const program = directories.map((path) => ({ op: 'mkdir', by: 0, path, mode: 0o755 }));
  const facts = { schemaVersion: 1, case: 'random/names', seed: 1, target: 'objectfs', failure: 'it failed' };
  await writeFile(join(place.work, 'replay.json'), JSON.stringify({ ...facts, program }));
  return startObjectfs(place, ['replay', 'replay.json', '--target', 'dir:target', '--out', 'report']);
}

test(
  'objectfs replay ends with 0 where the program gives what the model says, else with 1 and the step that differs',
  async () => {
    const good = await replay('a', 'a/b', 'a/b');
    expect([good.exitCode, good.stderr]).toEqual([0, expect.any(String)]);
    expect(good.stdout).toContain('PASSED  model: 1 of 1 cases passed');
    // The model has no limit for names; every local file system has.
    const bad = await replay('a', 'b'.repeat(300), 'c');
    expect(bad.exitCode).toBe(1);
    expect(bad.stdout).toContain('step 2, mkdir');
    expect(await readFile(join(place.work, 'report/results.json'), 'utf8')).toContain('got ENAMETOOLONG');
    expect(await leftoversAt(place, ['target', 'replay.json', 'report'])).toEqual(NOTHING_LEFT);
  },
  LIMIT_MS,
);
