import { silentProgress, type Progress } from './progress.js';

/**
 * One stage for work that is done side by side: a terminal has room for one bar, and each `begin` would end the one
 * before. It begins with the first step; how the parts begin and end is not told.
 */
export function sharedProgress(progress: Progress, label: string, total: number): Progress {
  let hasBegun = false;
  return {
    ...silentProgress,
    begin() {
      if (!hasBegun) progress.begin(label, total);
      hasBegun = true;
    },
    advance: progress.advance.bind(progress),
    note: progress.note.bind(progress),
  };
}
