/** Nothing listens there: a privileged port that no service of this machine has. */
const CLOSED = 'http://127.0.0.1:1';

/** A command line that is wrong, and what it must say. `{url}`, `{port}`, `{key}` and `{secret}` are the server's. */
export interface BadInput {
  readonly says: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Part of the line: what is wrong, and what to do. */
  readonly line: RegExp;
}

const KEYS = { AWS_ACCESS_KEY_ID: '{key}', AWS_SECRET_ACCESS_KEY: '{secret}' };
const WRONG = { AWS_ACCESS_KEY_ID: '{key}', AWS_SECRET_ACCESS_KEY: 'wrong' };
export const HERE = ['--endpoint', '{url}'];
const MOUNT = ['mount', 's3://there', 'empty'];

export const BAD_INPUT: readonly BadInput[] = [
  // Buckets, credentials, endpoints
  {
    says: 'a bucket name that S3 does not allow',
    args: ['mount', 's3://Bad_Name', 'empty', ...HERE],
    line: /Bad_Name.*Use 3 to 63/,
  },
  { says: 'a bucket without s3://', args: ['mount', 'there', 'empty'], line: /Write s3:\/\/BUCKET/ },
  {
    says: 'a bucket that does not exist',
    args: ['mount', 's3://not-there', 'empty', ...HERE],
    env: KEYS,
    line: /not-there.*NoSuchBucket.*Check the name/,
  },
  { says: 'no credentials to mount with', args: MOUNT, line: /credentials.*AWS_ACCESS_KEY_ID/ },
  {
    says: 'no credentials for an endpoint',
    args: ['bench', ...HERE],
    line: /credentials.*AWS_ACCESS_KEY_ID/,
  },
  {
    says: 'no credentials where AWS is required',
    args: ['bench', '--region', 'us-west-2', '--require-aws'],
    line: /No AWS credentials.*us-west-2.*leave out --require-aws/,
  },
  {
    says: 'a refused signature of a mount',
    args: [...MOUNT, ...HERE],
    env: WRONG,
    line: /SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY/,
  },
  {
    says: 'a refused signature of a suite',
    args: ['suite', 'posix', ...HERE],
    env: WRONG,
    line: /SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY/,
  },
  {
    says: 'a mount from an endpoint where nobody answers',
    args: [...MOUNT, '--endpoint', CLOSED],
    env: KEYS,
    line: /ECONNREFUSED.*check --endpoint/,
  },
  {
    says: 'a suite on an endpoint where nobody answers',
    args: ['suite', 'range', '--endpoint', CLOSED],
    env: KEYS,
    line: /ECONNREFUSED.*check --endpoint/,
  },
  {
    says: 'a bench on an endpoint where nobody answers',
    args: ['bench', '--endpoint', CLOSED],
    env: KEYS,
    line: /ECONNREFUSED.*check --endpoint/,
  },
  { says: 'an endpoint that is no URL', args: [...MOUNT, '--endpoint', 'nonsense'], line: /s3\.endpoint/ },
  // Mount points
  {
    says: 'a missing mount point',
    args: ['mount', 's3://there', 'missing', ...HERE],
    env: KEYS,
    line: /missing does not exist.*mkdir -p missing/,
  },
  {
    says: 'a file as the mount point',
    args: ['mount', 's3://there', 'file', ...HERE],
    env: KEYS,
    line: /file is not a directory/,
  },
  {
    says: 'a mount point that is not empty',
    args: ['mount', 's3://there', 'full', ...HERE],
    env: KEYS,
    line: /full is not empty.*empty directory/,
  },
  {
    says: 'a directory that is a mount already',
    args: ['mount', 's3://there', '/proc', ...HERE],
    env: KEYS,
    line: /\/proc is a mount already.*Unmount it first/,
  },
  {
    says: 'an unmount of a plain directory',
    args: ['unmount', 'empty'],
    line: /empty is not a mount.*findmnt/,
  },
  { says: 'an unmount of a foreign mount', args: ['unmount', '/proc'], line: /another kind.*Use umount/ },
  // Names
  {
    says: 'a suite that does not exist, before one that does',
    args: ['suite', 'posxi', 'range'],
    line: /no suite "posxi"/,
  },
  {
    says: 'a file system that is not installed',
    args: ['suite', 'range', '--target', 'goofys'],
    env: { PATH: '/nonexistent' },
    line: /goofys is not installed.*github.com\/kahing\/goofys/,
  },
  {
    says: 'a mount that is none',
    args: ['suite', 'range', '--target', 'mount:/,bucket'],
    line: /names no mount and bucket.*bucket=NAME/,
  },
  {
    says: 'a workload that does not exist',
    args: ['bench', '--mounts', 'objectfs', '--workloads', 'compile'],
    line: /no workload "compile".*git-status/,
  },
  {
    says: 'workloads without mounts',
    args: ['bench', '--workloads', 'list'],
    line: /--workloads has no effect without --mounts/,
  },
  {
    says: 'an unknown suite',
    args: ['suite', 'posxi'],
    line: /no suite "posxi".*Did you mean "posix"/,
  },
  {
    says: 'an unknown target',
    args: ['suite', 'posix', '--target', 'nfs'],
    line: /no target "nfs".*dir:PATH/,
  },
  {
    says: 'a target directory that does not exist',
    args: ['suite', 'posix', '--target', 'dir:/no/such'],
    line: /\/no\/such does not exist/,
  },
  { says: 'an unknown link of a bench', args: ['bench', '--link', 'dsl'], line: /"dsl".*Choose one of/ },
  { says: 'an unknown link of a server', args: ['serve', '--link', 'dsl'], line: /"dsl".*Choose one of/ },
  {
    says: 'a link for an endpoint',
    args: ['bench', '--link', 'home', ...HERE],
    line: /Leave out --link or --endpoint/,
  },
  // Configuration
  {
    says: 'an unknown key in the file',
    args: ['bench', '--config', 'unknown-key.yaml'],
    line: /transfer\.chunksize.*Did you mean transfer\.chunkSize/,
  },
  {
    says: 'an unknown key in the environment',
    args: ['bench'],
    env: { OBJECTFS_TRANSFER_CHUNKSIZE: '8MiB' },
    line: /Did you mean OBJECTFS_TRANSFER_CHUNK_SIZE/,
  },
  { says: 'a configuration file that is not there', args: ['config', '--config', 'none'], line: /--config/ },
  {
    says: 'a memory limit that is too small',
    args: [...MOUNT, '--memory-limit', '1'],
    line: /mount\.memoryLimit.*from 64 MiB/,
  },
  {
    says: 'a memory limit that is no size',
    args: [...MOUNT, '--memory-limit', 'lots'],
    line: /mount\.memoryLimit.*"lots" is not a size/,
  },
  {
    says: 'a state folder that is a file',
    args: ['suite', 'range'],
    env: { OBJECTFS_STATE_DIR: 'file' },
    line: /Set OBJECTFS_STATE_DIR/,
  },
  // Numbers and sizes
  {
    says: 'more workers than there may be',
    args: ['bench', '--transfer-workers', '17'],
    line: /transfer\.workers.*<=16/,
  },
  { says: 'objects of no bytes', args: ['bench', '--sizes', '0'], line: /0 bytes.*Give sizes/ },
  { says: 'objects of lots of bytes', args: ['bench', '--sizes', 'lots'], line: /"lots" is not a size/ },
  { says: 'objects beyond S3', args: ['bench', '--sizes', '6TiB'], line: /5 TiB/ },
  {
    says: 'an unknown arm',
    args: ['bench', '--arms', 'plain,rclon'],
    line: /"rclon".*Did you mean "rclone"/,
  },
  { says: 'an arm twice', args: ['bench', '--arms', 'plain,plain'], line: /"plain" is named twice/ },
  { says: 'one arm', args: ['bench', '--arms', 'plain'], line: /no comparison.*two or more/ },
  {
    says: 'an arm whose program is not there',
    args: ['bench', '--arms', 'plain,s5cmd'],
    env: { PATH: '/nowhere' },
    line: /s5cmd: the program is not installed.*github.com\/peak\/s5cmd/,
  },
  {
    says: 'arms of a bench through mounts',
    args: ['bench', '--mounts', 'objectfs', '--arms', 'plain,sdk'],
    line: /--arms has no effect with --mounts/,
  },
  {
    says: 'files for programs',
    args: ['bench', '--arms', 'plain,objectfs-cp', '--data', 'file'],
    line: /--data has no effect.*--sizes/,
  },
  { says: 'no blocks', args: ['bench', '--blocks', '0'], line: /Ask for 1 to 1000 blocks/ },
  { says: 'half a block', args: ['bench', '--blocks', '1.5'], line: /whole number/ },
  { says: 'a seed that is no number', args: ['bench', '--seed', 'abc'], line: /--seed takes a whole number/ },
  {
    says: 'no operations',
    args: ['suite', 'model', '--ops', '0'],
    line: /--ops takes a whole number from 1/,
  },
  {
    says: 'a replay file that is not there',
    args: ['replay', 'none.json'],
    line: /none\.json can not be read/,
  },
  { says: 'a replay file that is none', args: ['replay', 'damaged/results.json'], line: /is no replay file/ },
  { says: 'a seed below zero', args: ['suite', 'range', '--seed=-1'], line: /--seed takes a whole number/ },
  // Folders
  { says: 'a file as --data', args: ['bench', '--data', 'file'], line: /not a directory.*--data DIR/ },
  { says: 'a missing --data', args: ['bench', '--data', 'none'], line: /does not exist.*--data DIR/ },
  { says: 'an empty --data', args: ['bench', '--data', 'empty'], line: /holds no file/ },
  { says: 'a file as --out', args: ['bench', '--out', 'file'], line: /not a folder.*--out/ },
  { says: 'an --out below a file', args: ['suite', 'range', '--out', 'file/x'], line: /not a folder.*--out/ },
  { says: 'a report of nothing', args: ['report', 'empty'], line: /no report at.*results\.json/ },
  { says: 'a report of no JSON', args: ['report', 'no-json'], line: /not a report.*folder of a run/ },
  { says: 'a report that is damaged', args: ['report', 'damaged'], line: /is damaged.*folder of a run/ },
  { says: 'a report of tomorrow', args: ['report', 'newer'], line: /version 77.*program that wrote it/ },
  // The embedded server
  { says: 'a link to nowhere', args: ['link'], line: /no server.*--upstream/ },
  {
    says: 'a link that listens nowhere',
    args: ['link', '--upstream', '{url}', '--listen', '9000'],
    line: /"9000" is no address to listen on.*127\.0\.0\.1:0/,
  },
  {
    says: 'fault rules that are not there',
    args: ['serve', '--faults', 'none.yaml', '--port', '0'],
    line: /none\.yaml can not be read.*Name a readable YAML file/,
  },
  {
    says: 'a file of a link that is not there',
    args: ['serve', '--link', 'none.yaml', '--port', '0'],
    line: /none\.yaml can not be read/,
  },
  {
    says: 'an access key without its secret',
    args: ['serve', '--access-key', 'a', '--port', '0'],
    line: /Give both or neither/,
  },
  { says: 'a port in use', args: ['serve', '--port', '{port}'], line: /can not listen.*another --port/ },
  { says: 'a port beyond the last', args: ['serve', '--port', '99999'], line: /no TCP port.*65535/ },
  { says: 'a port that is no number', args: ['serve', '--port', 'http'], line: /no TCP port/ },
  {
    says: 'a data folder of somebody else',
    args: ['serve', '--data', 'full', '--port', '0'],
    line: /full holds other files.*new folder/,
  },
  {
    says: 'a file as a data folder',
    args: ['serve', '--data', 'file', '--port', '0'],
    line: /file is not a folder/,
  },
  {
    says: 'a bucket name for the server that S3 does not allow',
    args: ['serve', '--bucket', 'Bad_Name', '--port', '0'],
    line: /Use 3 to 63/,
  },
  // Words
  { says: 'an unknown command', args: ['mont'], line: /no command "mont".*Did you mean mount/ },
  { says: 'no command', args: [], line: /Name a command.*--help/ },
  { says: 'an unknown flag', args: ['bench', '--sizs', '1MiB'], line: /Unknown argument: sizs.*--help/ },
  { says: 'a flag without its value', args: ['bench', '--sizes'], line: /sizes.*--help/ },
  { says: 'a missing argument', args: ['mount', 's3://there'], line: /--help/ },
  { says: 'an unknown binding', args: [...MOUNT, '--binding', 'x'], line: /"kernel", "fuse-native".*--help/ },
];
