/** A change of the shared ceilings while time passes. */
export interface CapacityStep {
  /** Since the link was made, in ms. */
  readonly afterMs: number;
  /** What the ceilings for all connections are multiplied by from then on; 0 is an outage. */
  readonly factor: number;
}

/** A path between client and server, as the shaped link imitates it. Absent numbers mean "not limited". */
export interface LinkProfile {
  readonly name: string;
  /** One line for reports: what it stands for and where its numbers come from. */
  readonly description: string;
  readonly source: string;
  /** Added to connection set-up and to every request, in ms. */
  readonly roundTripMs: number;
  /** Time that the service itself takes before the first byte of a reply, in ms. */
  readonly requestOverheadMs: number;
  /** Ceiling of one connection, client to server. */
  readonly connectionUpBytesPerSecond?: number;
  /** Ceiling of one connection, server to client. */
  readonly connectionDownBytesPerSecond?: number;
  /** Ceiling of all connections together, client to server. */
  readonly totalUpBytesPerSecond?: number;
  readonly totalDownBytesPerSecond?: number;
  /** Each piece takes up to this much longer, evenly spread; order is kept. */
  readonly jitterMs?: number;
  /**
   * Each direction of a connection begins with a window of 10 segments that doubles each round trip (RFC 6928, RFC
   * 9406) and follows CUBIC after a loss (RFC 9438). @defaultValue false, but true where there is loss or a queue
   */
  readonly slowStart?: boolean;
  /**
   * Depth of the queue before the shared ceiling, client to server. What comes when it is full is dropped and sent
   * again. Absent: the connections take turns and nothing is dropped.
   */
  readonly queueUpBytes?: number;
  readonly queueDownBytes?: number;
  /** Share of segments of 1,460 bytes that are lost at random, in the long run: 0.001 is 0.1 %. */
  readonly lossRatio?: number;
  /** Mean number of segments that are lost one after the other (Gilbert's model). @defaultValue 1 */
  readonly lossBurstSegments?: number;
  /** Mean number of bytes, both directions counted, after which a connection is reset. */
  readonly meanBytesToReset?: number;
  /** How the shared ceilings change, in the order of time. Before the first step the factor is 1. */
  readonly capacitySteps?: readonly CapacityStep[];
  /** The steps begin again after this. Absent: the last one stays. */
  readonly capacityPeriodMs?: number;
}
