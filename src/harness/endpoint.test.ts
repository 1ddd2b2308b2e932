import { configSchema } from '../config/schema.js';
import { startEmulatorProcess } from '../emulator/child.js';
import { openEndpoint } from './endpoint.js';

const signal = new AbortController().signal;
const { s3: settings } = configSchema.parse({});

describe('the endpoint of a run', () => {
  const variables = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'));
  beforeAll(() => {
    for (const [name] of variables) Reflect.deleteProperty(process.env, name);
    // Nothing of the machine may give credentials.
    Object.assign(process.env, {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_CONFIG_FILE: '/dev/null',
    });
  });
  afterAll(() => {
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
    }
    Object.assign(process.env, Object.fromEntries(variables));
  });

  test('without a wish it is the embedded server, not shaped, and says that it is simulated', async () => {
    const endpoint = await openEndpoint({ settings }, signal);
    expect(endpoint).toMatchObject({ kind: 'embedded', server: 'embedded' });
    expect(endpoint.simulated?.profile.name).toBe('loopback');
    await endpoint.close();
  });

  test('a region without credentials is simulated with the link of that region, and says why', async () => {
    const endpoint = await openEndpoint({ settings, region: 'us-west-2' }, signal);
    expect(endpoint.simulated).toMatchObject({ region: 'us-west-2', profile: { name: 'same-region' } });
    expect(endpoint.simulated?.reason).toContain('No AWS credentials were found for us-west-2');
    expect(endpoint.connection.region).toBe('us-west-2');
    await endpoint.close();
  });

  test('a region without credentials is an error where AWS is required', async () => {
    const wish = { settings, region: 'us-west-2', requireAws: true };
    await expect(openEndpoint(wish, signal)).rejects.toMatchObject({ kind: 'no-credentials' });
  });

  test('a given endpoint is used as it is, and is not simulated', async () => {
    const emulator = await startEmulatorProcess({}, signal);
    const given = { ...settings, endpoint: emulator.endpoint, ...emulator.credentials };
    const endpoint = await openEndpoint({ settings: given }, signal);
    expect(endpoint).toMatchObject({ kind: 'external', name: emulator.endpoint });
    expect(endpoint.simulated).toBeUndefined();
    await endpoint.close();
    await emulator.close();
  });

  test('refused keys are told before anything is made', async () => {
    const emulator = await startEmulatorProcess({}, signal);
    const given = { ...settings, endpoint: emulator.endpoint, accessKeyId: 'AKIA', secretAccessKey: 'wrong' };
    await expect(openEndpoint({ settings: given }, signal)).rejects.toMatchObject({
      kind: expect.stringMatching(/bad-signature|denied/) as string, // Jest types its matchers as any
    });
    await emulator.close();
  });

  test('an address where nobody listens is unreachable', async () => {
    const given = { ...settings, endpoint: 'http://127.0.0.1:9', accessKeyId: 'a', secretAccessKey: 'b' };
    await expect(openEndpoint({ settings: given }, signal)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('a link with an endpoint of somebody else is wrong use', async () => {
    const given = { ...settings, endpoint: 'http://127.0.0.1:9' };
    await expect(openEndpoint({ settings: given, link: 'home' }, signal)).rejects.toMatchObject({
      kind: 'usage',
    });
    await expect(openEndpoint({ settings, link: 'moon' }, signal)).rejects.toMatchObject({ kind: 'usage' });
  });
});
