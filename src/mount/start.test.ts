import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { compiledModule } from '../config/paths.js';

/** Ctrl-C at the moment when the daemon is there and its log is being closed; that takes until the daemon has ended. */
const SCRIPT = `
import fs from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const [folder, start, schema] = process.argv.slice(2);
const children = () => readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim();
const open = fs.open;
fs.open = async (path, ...rest) => {
  const file = await open(path, ...rest);
  const close = file.close;
  if (path === folder + '/log') file.close = async () => {
    process.kill(Number(children()), 'SIGINT');
    while (children() !== '') await new Promise(setImmediate);
    await close();
  };
  return file;
};
syncBuiltinESMExports();
const { startMount } = await import(start);
const { configSchema } = await import(schema);
const config = configSchema.parse({ mount: { cacheDir: folder + '/cache', logFile: folder + '/log' } });
const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
const connection = { endpoint: 'http://127.0.0.1:1', region: 'us-east-1', credentials, forcePathStyle: true };
const plan = { bucket: 'b', prefix: '', mountPoint: folder + '/mnt', connection, config };
await startMount(plan, { foreground: true }).catch((reason) => process.stdout.write(reason.message));
`;

test('a daemon that Ctrl-C ends right after its start is not waited for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-start-'));
  try {
    const script = join(folder, 'script.mjs');
    await writeFile(script, SCRIPT);
    const modules = ['src/mount/start.js', 'src/config/schema.js'].map(compiledModule);
    await mkdir(join(folder, 'mnt'));
    const { stdout, exitCode } = await execa(process.execPath, [script, folder, ...modules], {
      reject: false,
    });
    expect({ stdout, exitCode }).toEqual({ stdout: 'The mount was stopped by SIGINT', exitCode: 0 });
  } finally {
    await rm(folder, { recursive: true });
  }
});
