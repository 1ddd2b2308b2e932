import { preferLean } from './connection.js';
import { resolveCredentials } from './credentials.js';

const connection = { region: 'us-east-1', forcePathStyle: false };

describe('the client of a copy', () => {
  test('is the lean one, where nobody chose and nothing only the SDK knows is asked for', () => {
    expect(preferLean(connection, {}).client).toBe('lean');
    expect(preferLean({ ...connection, client: 'sdk' }, {}).client).toBe('sdk');
    expect(preferLean(connection, { AWS_USE_FIPS_ENDPOINT: 'true' }).client).toBe('sdk');
    expect(preferLean(connection, { AWS_USE_DUALSTACK_ENDPOINT: 'TRUE' }).client).toBe('sdk');
    expect(preferLean(connection, { AWS_USE_FIPS_ENDPOINT: 'false' }).client).toBe('lean');
  });
});

describe('keys in the environment', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  test('are those that the chain of the SDK finds, with a session and without', async () => {
    for (const token of [undefined, 'a-session']) {
      process.env['AWS_ACCESS_KEY_ID'] = 'an-id';
      process.env['AWS_SECRET_ACCESS_KEY'] = 'a-secret';
      if (token !== undefined) process.env['AWS_SESSION_TOKEN'] = token;
      const quick = await resolveCredentials(connection);
      // The chain itself: keys with a time at which they expire are left to it.
      process.env['AWS_CREDENTIAL_EXPIRATION'] = '2099-01-01T00:00:00Z';
      expect(quick).toEqual(await resolveCredentials(connection));
      expect(quick?.sessionToken).toBe(token);
      delete process.env['AWS_CREDENTIAL_EXPIRATION'];
    }
  });
});
