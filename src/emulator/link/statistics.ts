/** What one direction of a link has done so far, all connections together. */
export interface LaneCounts {
  /** Handed over by senders; bytes that are sent again count once. */
  bytes: number;
  /** Segments of 1,460 bytes that were sent; the rest of a piece counts as one. */
  segments: number;
  /** Segments lost at random. */
  losses: number;
  /** Pieces dropped by a full queue. */
  drops: number;
  /** Losses that only a time-out repaired. */
  timeouts: number;
  deepestQueueBytes: number;
}

/** What a link has done so far. */
export interface LinkCounts {
  connections: number;
  /** Connections that the link has reset. */
  resets: number;
  readonly up: LaneCounts;
  readonly down: LaneCounts;
}

export function noCounts(): LinkCounts {
  const none = (): LaneCounts => ({
    bytes: 0,
    segments: 0,
    losses: 0,
    drops: 0,
    timeouts: 0,
    deepestQueueBytes: 0,
  });
  return { connections: 0, resets: 0, up: none(), down: none() };
}
