/** Entry point of an arm's process: one transporter, driven over the channel to its parent. */
import { Failure } from '../errors/failure.js';
import type { ArmSettings, FromArm, ToArm } from './arm-protocol.js';
import { loadArm, runArmJob } from './arm-run.js';
import { answerParent } from './child-process.js';

let settings: ArmSettings | undefined;

answerParent(async (received): Promise<FromArm> => {
  const message = received as ToArm; // both ends are this package: the shape is the protocol's
  if (message.type === 'start') {
    settings = message.settings;
    await loadArm(settings);
    return { type: 'ready' };
  }
  if (settings === undefined) throw new Failure('internal', 'A job came before the settings');
  return { type: 'result', result: await runArmJob(settings, message.job) };
});
