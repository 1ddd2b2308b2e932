import { tmpdir } from 'node:os';
import { directoryTarget } from '../directory.js';
import { clientDriver, missingClients } from './clients.js';
import { PEERS } from './index.js';
import { peerTarget } from './peer-target.js';
import type { TargetDriver } from '../target.js';

describe('a client beside a target', () => {
  const path = process.env['PATH'];
  afterEach(() => {
    process.env['PATH'] = path;
  });

  test('that is not installed makes its cases skipped, with how to get it, and can not be mounted', async () => {
    process.env['PATH'] = '/nonexistent';
    expect(await missingClients()).toEqual([
      {
        need: 's3fs-client',
        state: 'skipped',
        reason: expect.stringMatching(/^s3fs is not installed.*apt-get install s3fs/) as string,
      },
      {
        need: 'rclone-client',
        state: 'skipped',
        reason: expect.stringMatching(/^rclone is not installed.*apt-get install rclone/) as string,
      },
    ]);
    await expect(clientDriver('s3fs')).rejects.toMatchObject({ kind: 'usage' });
  });

  test('is unsupported by a target without a bucket, and by one with a format of its own', async () => {
    expect(clientsUnsupportedBy(await directoryTarget(tmpdir()))).toEqual(['s3fs-client', 'rclone-client']);
    for (const peer of PEERS) {
      const installed = { programs: ['env'], versionArguments: ['printf', '1.0'], versionPattern: /^(1\.0)/ };
      const driver = await peerTarget({ ...peer, ...installed }, '');
      expect([driver.name, clientsUnsupportedBy(driver)]).toEqual([
        driver.name,
        driver.ownFormat === true ? ['s3fs-client', 'rclone-client'] : [],
      ]);
    }
  });
});

function clientsUnsupportedBy({ unmet }: TargetDriver): readonly string[] {
  return unmet
    .filter(({ state, need }) => state === 'unsupported' && need.endsWith('-client'))
    .map(({ need }) => need);
}
