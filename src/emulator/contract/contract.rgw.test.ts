import { stripVTControlCharacters } from 'node:util';
import { CONTRACT } from './all-cases.js';
import type { ContractCase, Service } from './contract-case.js';
import { runCase } from './context.js';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const service = serviceFromEnvironment();
const plain = CONTRACT.filter(({ rgw }) => rgw === undefined);

// Known differences are run before the tests are declared, so that each can be declared as what it turned out to be:
// a difference that still stands is skipped by name and not passed; one that is gone fails.
const differences: {
  readonly entry: ContractCase;
  readonly reason: string;
  readonly outcome: string | undefined;
}[] = [];
for (const entry of CONTRACT) {
  if (service === undefined || entry.rgw === undefined) continue;
  const outcome = await runCase(service, entry).then(
    () => undefined,
    (reason: unknown) => firstLine(reason),
  );
  differences.push({ entry, reason: entry.rgw, outcome });
}

describe('S3 contract on Ceph RGW', () => {
  if (service === undefined) {
    test.skip('OBJECTFS_RGW_ENDPOINT is not set: eval "$(scripts/rgw up)" starts one', () => undefined);
    return;
  }

  test.each(plain.map((entry) => [`${entry.id}: ${entry.says}`, entry] as const))('%s', async (_, entry) => {
    await runCase(service, entry);
  });

  for (const { entry, reason, outcome } of differences) {
    const title = `${entry.id}: ${entry.says}`;
    if (outcome !== undefined) {
      test.skip(`${title} [expected difference: ${reason}; seen: ${outcome}]`, () => undefined);
      continue;
    }
    test(`${title} [declared as a difference: ${reason}]`, () => {
      throw new Error('RGW agrees with the contract here: remove the declared difference of this case');
    });
  }
});

function serviceFromEnvironment(): Service | undefined {
  const { OBJECTFS_RGW_ENDPOINT: endpoint = '', AWS_ACCESS_KEY_ID: accessKeyId = '' } = process.env;
  const secretAccessKey = process.env['AWS_SECRET_ACCESS_KEY'] ?? '';
  if (endpoint === '') return undefined;
  return { endpoint, credentials: { accessKeyId, secretAccessKey }, region: 'us-east-1' };
}

function firstLine(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  return stripVTControlCharacters(text).replace(/\s+/g, ' ').slice(0, 120);
}
