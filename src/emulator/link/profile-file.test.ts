import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profileOf } from './profile-file.js';
import { profileNamed } from './profiles.js';

describe('a profile of a user', () => {
  const folder = mkdtempSync(join(tmpdir(), 'objectfs-profile-'));
  const path = join(folder, 'mine.yaml');

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function read(text: string) {
    writeFileSync(path, text);
    return profileOf(path);
  }

  test('is a built-in one with changes, or one of its own', () => {
    const slow = read('name: slow\nlike: home\ntotalUpBytesPerSecond: 4 Mbit/s\nlossRatio: 0.02\n');
    expect(slow).toMatchObject({
      name: 'slow',
      roundTripMs: 25,
      totalUpBytesPerSecond: 500_000,
      lossRatio: 0.02,
    });
    expect(slow.totalDownBytesPerSecond).toBe(profileNamed('home').totalDownBytesPerSecond);
    const own = read('name: own\nroundTripMs: 12\n');
    expect(own).toMatchObject({ name: 'own', roundTripMs: 12, requestOverheadMs: 0, source: path });
    expect(own.totalUpBytesPerSecond).toBeUndefined();
    expect(profileOf('home')).toBe(profileNamed('home'));
  });

  test.each([
    ['name: a\nroundTripMS: 1\n', /"roundTripMS" is no key here.*Did you mean roundTripMs/],
    ['name: a\nlike: moon\n', /no link profile "moon"/],
    ['name: a\ntotalUpBytesPerSecond: fast\n', /totalUpBytesPerSecond.*"fast" is not a rate/],
    ['name: a\nlossRatio: 2\n', /lossRatio/],
    ['roundTripMs: 1\n', /name/],
    ['name: [\n', /can not be read/],
    ['name: a\nqueueUpBytes: 1000\n', /queueUpBytes.*not set.*Set both/],
    ['name: a\ncapacitySteps: [{afterMs: 1, factor: 0}]\ntotalUpBytesPerSecond: 1\n', /outage never ends/],
    ['name: a\ncapacitySteps: [{afterMs: 1, facter: 0}]\n', /"facter".*Did you mean factor/],
    [
      'name: a\nlike: home\ncapacitySteps: [{afterMs: 2, factor: 1}, {afterMs: 1, factor: 1}]\n',
      /order of time/,
    ],
    ['name: a\nlossBurstSegments: 4\n', /no effect without lossRatio/],
  ])('%j is refused with the reason', (text, line) => {
    let said = '';
    try {
      read(text);
    } catch (reason) {
      said = (reason as { toLine(): string }).toLine(); // a Failure
    }
    expect(said).toMatch(line);
  });

  test('a file that is not there is refused', () => {
    expect(() => profileOf(join(folder, 'none.yaml'))).toThrow(/can not be read/);
  });
});
