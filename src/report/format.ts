/** Numbers and states as a reader sees them; every reporter uses these, so that they agree to the digit. */
const TIMES = '\u00d7';

/** `2.94x` with a multiplication sign; two decimals below ten. */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return 'not known';
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)}${TIMES}`;
}

/** `2.71 to 3.10`. */
export function formatInterval(interval: { readonly lower: number; readonly upper: number }): string {
  return `${withoutSign(interval.lower)} to ${formatRatio(interval.upper)}`;
}

/** MiB/s without the unit: three digits that matter. */
export function formatSpeed(mibPerSecond: number): string {
  if (!Number.isFinite(mibPerSecond)) return 'not known';
  return mibPerSecond.toFixed(mibPerSecond >= 100 ? 0 : mibPerSecond >= 10 ? 1 : 2);
}

/** `0.03`, and `< 0.001` where more digits would only pretend. */
export function formatP(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(p < 0.1 ? 3 : 2);
}

/** `3 min 12 s`, `8.4 s`, `120 ms`. */
export function formatDuration(elapsedMs: number): string {
  if (elapsedMs < 1000) return `${Math.round(elapsedMs)} ms`;
  if (elapsedMs < 60_000) return `${(elapsedMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(elapsedMs / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `4.9 %`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `25 MB/s`: link speeds are given in decimal units, as network gear has them. */
export function formatRate(bytesPerSecond: number): string {
  return `${Number((bytesPerSecond / 1e6).toFixed(2))} MB/s`;
}

/** `2026-11-22 11:12 UTC`. */
export function formatTime(isoTime: string): string {
  return `${isoTime.slice(0, 10)} ${isoTime.slice(11, 16)} UTC`;
}

function withoutSign(ratio: number): string {
  return formatRatio(ratio).replace(TIMES, '');
}
