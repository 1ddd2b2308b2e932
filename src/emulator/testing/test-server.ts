import { S3Client } from '@aws-sdk/client-s3';
import { startEmulator, type Emulator, type EmulatorOptions } from '../emulator.js';
import { RawClient } from './raw-client.js';

/** A server of one test file with two clients: the SDK's and one that sends anything. */
export interface TestServer {
  readonly emulator: Emulator;
  readonly client: S3Client;
  readonly raw: RawClient;
  /** Replies with status 500 so far; a test file ends with none. */
  readonly internalErrors: readonly unknown[];
  close(): Promise<void>;
}

export async function startTestServer(options: EmulatorOptions = {}): Promise<TestServer> {
  const internalErrors: unknown[] = [];
  const emulator = await startEmulator({
    ...options,
    onInternalError: (reason) => internalErrors.push(reason),
  });
  const { endpoint, credentials, region } = emulator;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  return {
    emulator,
    client,
    raw: new RawClient(emulator),
    internalErrors,
    close: async () => {
      client.destroy();
      await emulator.close();
    },
  };
}
