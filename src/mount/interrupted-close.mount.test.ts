import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describeMount } from '../harness/testing/mount-tests.js';
import type { MountStatus } from './observe/status.js';
import { startMount } from './start.js';
import { statusOf } from './status.js';
import { until, serverAndPlaces } from './testing/mount-place.js';

const SIZE_BYTES = 3_000_000;
/** Writes a file, says so, and closes it when told to. */
const WRITER = `
  const fs = require('node:fs');
  const file = fs.openSync(process.argv[1], 'w');
  fs.writeSync(file, Buffer.alloc(Number(process.argv[2]), 'x'));
  process.stdout.write('written');
  process.stdin.once('data', () => fs.closeSync(file));
`;

describeMount('a program that is stopped while its file is being saved', () => {
  const here = serverAndPlaces();

  async function running(): Promise<MountStatus> {
    const status = await statusOf(here.place.mountPoint);
    if (status.state !== 'running') throw new Error(`The mount is ${status.state}`);
    return status;
  }

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'by %s loses no byte that it has written',
    async (signal) => {
      const mount = await startMount(here.place.plan(here.server.connection), {
        foreground: true,
      });
      const child = spawn(process.execPath, ['-e', WRITER, here.place.at(signal), String(SIZE_BYTES)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      await once(child.stdout, 'data');
      // A server that stands still keeps the PUT open for as long as the test needs.
      process.kill(here.server.process.pid, 'SIGSTOP');
      child.stdin.write('close');
      await until('the file is being saved', async () => {
        const { openRequests } = await running();
        return openRequests.find(({ operation }) => operation === 'flush');
      });
      child.kill(signal);
      await running(); // the daemon has had its turn with the interrupt, which was there before this question
      process.kill(here.server.process.pid, 'SIGCONT');
      expect(await exited).toEqual([null, signal]);
      expect((await here.server.store.head(signal)).sizeBytes).toBe(SIZE_BYTES);
      expect((await running()).recovery).toEqual([]);
      await mount.unmount();
      await mount.done;
    },
    120_000,
  );
});
