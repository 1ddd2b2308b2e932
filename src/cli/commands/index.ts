import type { CommandModule } from 'yargs';
import * as buckets from './buckets.js';
import * as config from './config.js';
import * as doctor from './doctor.js';
import * as mount from './mount.js';
import * as serve from './serve.js';
import * as unmount from './unmount.js';

/** Every command, in the order of the help text. Handlers load their heavy modules when they run. */
export const COMMANDS: readonly CommandModule[] = [serve, mount, unmount, buckets, config, doctor];
