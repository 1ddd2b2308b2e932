import { formatSize } from '../../config/size.js';
import type { Progress } from '../../log/progress.js';

/** Shows bytes as hundredths of a whole, with amounts and rate beside them. */
export function byteProgress(
  progress: Progress,
  label: string,
): (doneBytes: number, totalBytes: number) => void {
  const startMs = performance.now();
  let told: number | undefined;
  return (doneBytes, totalBytes) => {
    if (totalBytes === 0) return;
    if (told === undefined) progress.begin(label, 100);
    told ??= 0;
    const percent = Math.floor((100 * doneBytes) / totalBytes);
    if (percent <= told) return;
    const perSecond = Math.round(doneBytes / Math.max(0.001, (performance.now() - startMs) / 1000));
    progress.advance(
      percent - told,
      `% ${formatSize(doneBytes)} of ${formatSize(totalBytes)}, ${formatSize(perSecond)}/s`,
    );
    told = percent;
  };
}
