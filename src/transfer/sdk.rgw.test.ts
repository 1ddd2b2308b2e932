import { randomUUID } from 'node:crypto';
import { configSchema } from '../config/schema.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import { createTransporter } from './create.js';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const { OBJECTFS_RGW_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;

describe('uploads to Ceph RGW', () => {
  if (endpoint === undefined) {
    test.skip('OBJECTFS_RGW_ENDPOINT is not set: eval "$(scripts/rgw up)" starts one', () => undefined);
    return;
  }

  test.each(['plain', 'sdk', 'optimized'] as const)(
    'the %s one tells the ETag that HEAD tells',
    async (name) => {
      const credentials = {
        accessKeyId: AWS_ACCESS_KEY_ID ?? '',
        secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
      };
      const connection = { endpoint, region: 'us-east-1', credentials, forcePathStyle: true };
      const bucket = `objectfs-upload-${randomUUID()}`;
      const admin = createBucketAdmin(connection);
      await admin.create(bucket);
      const store = createStore(connection, bucket);
      const chunkSize = 5 * 1024 * 1024;
      const settings = { ...configSchema.parse({}).transfer, chunkSize };
      const transporter = createTransporter(name, store, settings, { connection });
      const { etag } = await transporter.upload('key', { kind: 'bytes', bytes: Buffer.alloc(2 * chunkSize) });
      expect(etag).toBe((await store.head('key')).etag);
      await admin.empty(bucket);
      await admin.remove(bucket);
      store.close();
      admin.close();
    },
  );
});
