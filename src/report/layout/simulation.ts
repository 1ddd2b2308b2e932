import { formatRate } from '../format.js';
import type { LinkFacts, RunReport } from '../model.js';

/** One sentence that says that these numbers are not AWS's. */
export function simulationSentence(simulated: NonNullable<RunReport['simulated']>): string {
  const place = simulated.region === undefined ? '' : ` for region ${simulated.region}`;
  return `SIMULATED: embedded S3 server behind the link "${simulated.profile.name}"${place}, not AWS`;
}

/** The link's numbers, each with its unit; what is not limited is left out. */
export function linkNumbers(profile: LinkFacts): { readonly name: string; readonly value: string }[] {
  const rate = (name: string, bytesPerSecond: number | undefined) =>
    bytesPerSecond === undefined ? [] : [{ name, value: formatRate(bytesPerSecond) }];
  const number = (name: string, value: number | undefined, unit: string) =>
    value === undefined ? [] : [{ name, value: `${value} ${unit}`.trim() }];
  return [
    { name: 'round trip', value: `${profile.roundTripMs} ms` },
    { name: 'service time', value: `${profile.requestOverheadMs} ms` },
    ...rate('per connection up', profile.connectionUpBytesPerSecond),
    ...rate('per connection down', profile.connectionDownBytesPerSecond),
    ...rate('in all up', profile.totalUpBytesPerSecond),
    ...rate('in all down', profile.totalDownBytesPerSecond),
    ...number('jitter', profile.jitterMs, 'ms'),
    ...number('loss', profile.lossRatio === undefined ? undefined : profile.lossRatio * 100, '%'),
    ...number('mean burst of loss', profile.lossBurstSegments, 'segments'),
    ...number('queue up', profile.queueUpBytes, 'bytes'),
    ...number('queue down', profile.queueDownBytes, 'bytes'),
    ...number('mean bytes to a reset', profile.meanBytesToReset, 'bytes'),
    ...number('steps of capacity', profile.capacitySteps?.length, ''),
  ];
}
