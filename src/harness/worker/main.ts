/**
 * The process of one suite: Jest on the compiled suite files, one file after the other in this very process. Started
 * by `startJest`; the arguments are Jest's own. It ends when the runner ends, however that ends: the IPC channel to it
 * breaks.
 */
import { run } from 'jest';
import { readPlan } from '../api/plan.js';
import { runPlanSchema } from '../api/protocol.js';

process.on('disconnect', () => {
  process.kill(process.pid, 'SIGKILL');
});
// A listener keeps the channel, and with it the process, alive: the end of Jest is the end.
process.channel?.unref();
// Ctrl-C goes to the whole foreground group; the runner decides how its workers end.
process.on('SIGINT', () => undefined);

runPlanSchema.parse(readPlan());
await run(process.argv.slice(2));
