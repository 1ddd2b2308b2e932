/** Entry point of an arm's process: one transporter, driven over the channel to its parent. Ends with its parent. */
import { Failure } from '../errors/failure.js';
import type { ArmSettings, FromArm, ToArm } from './arm-protocol.js';
import { loadArm, runArmJob } from './arm-run.js';

let settings: ArmSettings | undefined;

// Signals to the whole group are the parent's to answer: it ends this process, by the channel or by SIGKILL.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
process.on('disconnect', () => {
  process.exit(0);
});
process.on('message', (message) => {
  // Both ends are this package: the shape is the protocol's.
  void answer(message as ToArm).then(send, (error: unknown) => {
    const { kind, message: text, remedy } = Failure.from(error);
    send({ type: 'failure', kind, message: text, ...(remedy === undefined ? {} : { remedy }) });
  });
});

async function answer(message: ToArm): Promise<FromArm> {
  if (message.type === 'start') {
    settings = message.settings;
    await loadArm(settings);
    return { type: 'ready' };
  }
  if (settings === undefined) throw new Failure('internal', 'A job came before the settings');
  return { type: 'result', result: await runArmJob(settings, message.job) };
}

function send(message: FromArm): void {
  process.send?.(message);
}
