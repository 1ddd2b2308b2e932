import { formatCount, formatDuration } from '../format.js';
import type { Storm, StormArm } from '../storm-model.js';

/** A headline, then a sentence for each arm. */
export function stormSentences(storm: Storm | undefined): string[] {
  if (storm === undefined) return [];
  const optimized = storm.arms.find(({ arm }) => arm === 'optimized');
  const title =
    optimized === undefined
      ? []
      : [
          `Optimized transfer gets ${percent(optimized.goodputShare)} of the ${storm.requestsPerSecond} requests/s ` +
            `that the server allows, and ${percent(optimized.refusedShare)} of its requests are refused`,
        ];
  return [...title, ...storm.arms.map((arm) => armSentence(arm, storm.warmUpMs))];
}

function armSentence(arm: StormArm, warmUpMs: number): string {
  const others = [
    `${formatCount(arm.completed)} objects came whole in all`,
    ...(arm.failed === 0 ? [] : [`${formatCount(arm.failed)} were given up`]),
    ...(arm.fellBack === 0 ? [] : [`${formatCount(arm.fellBack)} fell back to one plain request`]),
  ];
  return (
    `${arm.arm}: goodput ${percent(arm.goodputShare)} of the allowed, ${percent(arm.refusedShare)} refused ` +
    `(${formatCount(arm.refused)} of ${formatCount(arm.asked)} requests) in ${formatDuration(arm.measuredMs)} ` +
    `after a warm-up of ${formatDuration(warmUpMs)}; ${others.join(', ')}`
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
