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
}
