import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Credentials } from '../../s3/connection.js';
import type { CredentialSource } from '../api/case.js';

const PROFILE = 'guest';

/**
 * A target with a profile knows no other keys: neither those of the variables nor those of the machine.
 *
 * @param targetFolder - Of its place.
 */
export function profileEnvironment(targetFolder: string): Readonly<Record<string, string>> {
  const folder = folderOf(targetFolder);
  return {
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_PROFILE: PROFILE,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** Fresh keys in the files that {@link profileEnvironment} names; each file is replaced as a whole. */
export async function writeProfile(targetFolder: string, source: CredentialSource): Promise<S3Credentials> {
  const folder = folderOf(targetFolder);
  const credentials = madeCredentials(source);
  const shared = join(folder, 'credentials');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (source === 'credentials-file') {
    const { accessKeyId, secretAccessKey } = credentials;
    const keys = `aws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`;
    await replace(shared, `[${PROFILE}]\n${keys}`);
    return credentials;
  }
  // Of a case before: it would be asked first.
  await rm(shared, { force: true });
  await writeProcess(folder, credentials);
  return credentials;
}

async function writeProcess(folder: string, credentials: S3Credentials): Promise<void> {
  const document = join(folder, 'process.json');
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const [AccessKeyId, SecretAccessKey, SessionToken] = [accessKeyId, secretAccessKey, sessionToken];
  await replace(document, JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey, SessionToken }));
  await replace(join(folder, 'config'), `[profile ${PROFILE}]\ncredential_process = cat "${document}"\n`);
}

function folderOf(targetFolder: string): string {
  return join(targetFolder, 'profile');
}

function madeCredentials(source: CredentialSource): S3Credentials {
  const isSession = source === 'credential-process';
  return {
    accessKeyId: `${isSession ? 'ASIA' : 'AKIA'}${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
    ...(isSession ? { sessionToken: randomBytes(32).toString('hex') } : {}),
  };
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
