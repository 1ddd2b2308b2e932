import { Writable } from 'node:stream';
import { configSchema } from '../config/schema.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import type { ObjectStore } from '../s3/store.js';
import { createTransporter } from './create.js';

const MIB = 2 ** 20;

/** Holds 8 MB a connection: more than half of the largest part that is chosen elsewhere. */
const LONG_AND_WIDE = {
  name: 'long-and-wide',
  description: '40 MB/s per connection, first byte after 200 ms',
  source: 'a test',
  roundTripMs: 100,
  requestOverheadMs: 100,
  connectionUpBytesPerSecond: 40e6,
  connectionDownBytesPerSecond: 40e6,
};

describe('a long and wide path', () => {
  const bytes = Buffer.alloc(64 * MIB, 'x');
  const { transfer } = configSchema.parse({ transfer: { connections: 1 } });
  let emulator: Emulator;
  let store: ObjectStore;

  beforeAll(async () => {
    emulator = await startEmulator({ link: LONG_AND_WIDE });
    const { endpoint, region, credentials } = emulator;
    const connection = { endpoint, region, credentials, forcePathStyle: true, client: 'lean' } as const;
    const admin = createBucketAdmin(connection);
    await admin.create('far');
    admin.close();
    store = createStore(connection, 'far');
  });

  afterAll(async () => {
    store.close();
    await emulator.close();
  });

  test('has larger parts from the second transfer on, also of another transporter to it', async () => {
    const upload = async (): Promise<number> => {
      const transporter = createTransporter('optimized', store, transfer);
      return (await transporter.upload('object', { kind: 'bytes', bytes })).parts;
    };
    expect(await upload()).toBe(4);
    expect(await upload()).toBe(2);
    const stream = new Writable({
      write: (_chunk, _encoding, done) => {
        done();
      },
    });
    const { parts } = await createTransporter('optimized', store, transfer).download('object', {
      kind: 'stream',
      stream,
    });
    expect(parts).toBe(3); // the first range tells the size
  }, 60_000);
});
