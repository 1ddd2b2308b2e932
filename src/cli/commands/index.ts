import type { CommandModule } from 'yargs';
import * as bench from './bench.js';
import * as buckets from './buckets.js';
import * as config from './config.js';
import * as cp from './cp.js';
import * as doctor from './doctor.js';
import * as link from './link.js';
import * as lint from './lint.js';
import * as mount from './mount.js';
import * as replay from './replay.js';
import * as report from './report.js';
import * as restore from './restore.js';
import * as serve from './serve.js';
import * as status from './status.js';
import * as suite from './suite.js';
import * as unmount from './unmount.js';

/** Every command, in the order of the help text. Handlers load their heavy modules when they run. */
export const COMMANDS: readonly CommandModule[] = [
  bench,
  suite,
  replay,
  report,
  mount,
  unmount,
  cp,
  restore,
  status,
  serve,
  link,
  lint,
  buckets,
  config,
  doctor,
];
