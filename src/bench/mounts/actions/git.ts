import { join } from 'node:path';
import { RIGHT, wrong, type Action } from './action.js';
import { runProgram } from './program.js';
import { prepareSources, repositoryPath } from './sources.js';

/** `git status` in a clone that was made on the target. */
export const gitStatus: Action = {
  async fixture(job) {
    await prepareSources(job);
    const clone = join(job.directory, 'clone');
    await runProgram('git', ['clone', '--quiet', '--no-hardlinks', repositoryPath(job), clone]);
  },
  async run(job, startClock) {
    const clone = join(job.directory, 'clone');
    const safe = ['-c', `safe.directory=${clone}`];
    startClock();
    const output = await runProgram('git', [...safe, '-C', clone, 'status', '--porcelain']);
    const check = () =>
      Promise.resolve(output === '' ? RIGHT : wrong(`git status names ${output.split('\n')[0] ?? ''}`));
    return { bytes: 0, check };
  },
};
