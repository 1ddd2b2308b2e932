import type { CommandModule } from 'yargs';
import * as config from './config.js';
import * as doctor from './doctor.js';

/** Every command, in the order of the help text. Handlers load their heavy modules when they run. */
export const COMMANDS: readonly CommandModule[] = [config, doctor];
