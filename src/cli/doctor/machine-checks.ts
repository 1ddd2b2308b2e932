import { execa } from 'execa';
import { arch, platform, release } from 'node:os';
import type { ResolvedConfig } from '../../config/load.js';
import { broken, missing, ok, type Finding } from './check.js';
import { findProgram } from './fuse-checks.js';

/** `engines` of package.json. */
const LEAST_NODE = [20, 19] as const;

const PROBE_TIMEOUT_MS = 3000;

export function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return enough
    ? ok('Node.js', process.version)
    : broken('Node.js', process.version, `Install Node.js ${LEAST_NODE.join('.')} or newer`);
}

export function checkKernel(): Finding {
  const detail = `${platform()} ${release()} ${arch()}`;
  if (platform() !== 'linux')
    return missing('kernel', detail, 'Mounts need Linux; bench and serve work here');
  return ok('kernel', detail);
}

export async function checkCredentials({ config }: ResolvedConfig): Promise<Finding> {
  const name = 'S3 credentials';
  const { resolveCredentials } = await import('../../s3/credentials.js');
  const { connectionOf } = await import('../../s3/connection.js');
  const found = await resolveCredentials(connectionOf(config.s3));
  return found === undefined
    ? missing(
        name,
        'none found; bench and suite use the embedded server',
        'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
      )
    : ok(name, `access key ${found.accessKeyId.slice(0, 4)}...`);
}

export async function checkDocker(): Promise<Finding> {
  const name = 'docker';
  if (findProgram('docker') === undefined) {
    return missing(name, 'not installed', 'Only for docker/compose.yaml (MinIO); nothing else needs it');
  }
  const { exitCode, stdout } = await execa('docker', ['info', '--format', '{{.ServerVersion}}'], {
    reject: false,
    timeout: PROBE_TIMEOUT_MS,
  });
  return exitCode === 0
    ? ok(name, `engine ${stdout}`)
    : missing(
        name,
        'client without an engine',
        'Start the Docker engine; only docker/compose.yaml (MinIO) needs it',
      );
}

/** Programs that some suites, comparisons or the real S3 server in tests use when they are there. */
export function checkPrograms(): readonly Finding[] {
  const uses = [
    ['radosgw', 'Ceph RGW as a real S3 server: scripts/rgw up installs it'],
    ['s3fs', 'To compare with s3fs: apt-get install s3fs'],
    ['rclone', 'To compare with rclone mount: apt-get install rclone'],
    ['fio', 'For fio jobs: apt-get install fio'],
  ] as const;
  return uses.map(([program, remedy]) => {
    const path = findProgram(program);
    return path === undefined ? missing(program, 'not installed', remedy) : ok(program, path);
  });
}
