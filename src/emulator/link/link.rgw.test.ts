import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { createBucketAdmin } from '../../s3/admin.js';
import { createStore } from '../../s3/client.js';
import { startLinkServer } from './link-server.js';
import { profileNamed } from './profiles.js';

const { OBJECTFS_RGW_ENDPOINT: upstream = '', AWS_ACCESS_KEY_ID: accessKeyId = '' } = process.env;
const secretAccessKey = process.env['AWS_SECRET_ACCESS_KEY'] ?? '';

describe('a link in front of Ceph RGW', () => {
  if (upstream === '') {
    test.skip('OBJECTFS_RGW_ENDPOINT is not set: eval "$(scripts/rgw up)" starts one', () => undefined);
    return;
  }

  const credentials = { accessKeyId, secretAccessKey };
  const bucket = `link-${randomBytes(6).toString('hex')}`;

  test.each([
    ['sdk', 'relayed'],
    ['lean', 'relayed'],
    ['sdk', 'with fault rules'],
    ['lean', 'with fault rules'],
  ] as const)('signed requests of the %s client pass, %s', async (client, way) => {
    const link = await startLinkServer({
      upstream,
      profile: profileNamed('lan'),
      ...(way === 'relayed' ? {} : { faults: { rules: [{ key: 'broken', fault: { kind: 'lost-reply' } }] } }),
    });
    const connection = {
      endpoint: link.endpoint,
      region: 'us-east-1',
      credentials,
      forcePathStyle: true,
      client,
    };
    const admin = createBucketAdmin(connection);
    await admin.create(bucket);
    const store = createStore(connection, bucket);
    const bytes = randomBytes(2_000_000);
    await store.put('whole', bytes, { ifAbsent: true });
    expect((await buffer((await store.get('whole')).body)).equals(bytes)).toBe(true);
    if (way !== 'relayed') {
      await expect(store.put('broken', bytes)).rejects.toMatchObject({ kind: 'reset' });
      expect((await store.list()).objects.map(({ key }) => key)).toEqual(['broken', 'whole']);
    }
    store.close();
    await admin.empty(bucket);
    await admin.remove(bucket);
    admin.close();
    await link.close();
  });
});
