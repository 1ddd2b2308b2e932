import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { describeMount } from '../harness/testing/mount-tests.js';
import { bind, recv, socket } from '../libc/libc.js';
import { socketAddress } from './service/notify-socket.js';
import { startMount } from './start.js';
import { until, serverAndPlaces } from './testing/mount-place.js';

const [AF_UNIX, SOCK_DGRAM, MSG_DONTWAIT] = [1, 2, 0x40];

/** A service manager: a real datagram socket, and what has come in on it. */
class Receiver {
  readonly #fd: number;
  readonly messages: string[] = [];

  constructor(name: string) {
    this.#fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    const address = socketAddress(name);
    expect(bind(this.#fd, address, address.length)).toBe(0);
  }

  /** Waits for a message that matches. */
  async message(what: RegExp): Promise<string> {
    const buffer = Buffer.alloc(4096);
    return until(String(what), () => {
      for (;;) {
        const length = recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT);
        if (length < 0) break;
        this.messages.push(buffer.toString('utf8', 0, length));
      }
      return Promise.resolve(this.messages.find((message) => what.test(message)));
    });
  }

  close(): void {
    closeSync(this.#fd);
  }
}

describeMount('a mount under a service manager', () => {
  const here = serverAndPlaces();

  afterEach(() => {
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'])
      Reflect.deleteProperty(process.env, name);
  });

  test.each([
    ['by path', () => join(here.place.folder, 'notify')],
    ['by abstract name', () => `@objectfs-test-${process.pid}`],
  ])('says ready, its status, that it lives, and that it stops, to a socket %s', async (_how, name) => {
    const receiver = new Receiver(name());
    Object.assign(process.env, {
      NOTIFY_SOCKET: name(),
      WATCHDOG_USEC: '200000',
      WATCHDOG_PID: String(process.pid),
    });
    const mount = await startMount(here.place.plan(here.server.connection), { foreground: true });
    try {
      expect(await receiver.message(/^READY=1$/m)).toContain(
        `STATUS=s3://mounted on ${here.place.mountPoint}: the store answers, 0 files open, 0 unsaved`,
      );
      expect(receiver.messages[0]).toMatch(/^READY=1/);
      await receiver.message(/^WATCHDOG=1$/);
      process.kill(mount.pid, 'SIGTERM');
      await receiver.message(/^STOPPING=1\nSTATUS=saving/);
      await mount.done;
    } finally {
      receiver.close();
    }
  });

  test('mounts all the same where nobody listens at the socket', async () => {
    Object.assign(process.env, { NOTIFY_SOCKET: join(here.place.folder, 'nobody') });
    const mount = await startMount(here.place.plan(here.server.connection), { foreground: true });
    await mount.unmount();
  });
});
