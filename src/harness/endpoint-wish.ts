import type { Config } from '../config/schema.js';
import type { S3Connection, S3Credentials } from '../s3/connection.js';
import type { FaultCount, FaultRules } from '../emulator/faults/rules.js';
import type { RequestCount, RunReport } from '../report/model.js';

/** Which S3 service a run is to use. */
export interface EndpointWish {
  /** The resolved `s3` section; its `endpoint`, where set, is used as it is. */
  readonly settings: Config['s3'];
  /**
   * The region that the user asked for by name. Absent: no run on AWS just because a default region is configured, for
   * it costs money.
   */
  readonly region?: string;
  /** Name of a link profile: the embedded server behind that link. */
  readonly link?: string;
  /** `true` makes it an error when AWS can not be used. */
  readonly requireAws?: boolean;
}

/** What the embedded server tells and does beside S3. */
export interface ServerControl {
  requestCounts(): Promise<RequestCount[]>;
  /** Lets other things go wrong from the next request on, counted anew; undefined: nothing. */
  setFaults(rules: FaultRules | undefined): Promise<void>;
  faultCounts(): Promise<FaultCount[]>;
  /** `false`: connections are ended, and new ones refused (ECONNREFUSED) until it is `true` again. */
  setReachable(isReachable: boolean): Promise<void>;
  /** Knows these keys beside its own from the next request on, and those of the guest before no more; undefined: no guest. */
  setGuest(credentials: S3Credentials | undefined): Promise<void>;
}

/** An S3 service that answers. */
export interface Endpoint {
  readonly connection: S3Connection;
  readonly kind: 'embedded' | 'external';
  /** URL, or `aws:REGION`: as in ledger and reports. */
  readonly name: string;
  /** What the `Server` header says. */
  readonly server: string;
  readonly simulated?: NonNullable<RunReport['simulated']>;
  /** Present: the embedded server's process. */
  readonly pid?: number;
  /** Present: the embedded server. */
  readonly control?: ServerControl;
  /** What the server counted by operation; empty for an external endpoint. */
  requestCounts(): Promise<RequestCount[]>;
  close(): Promise<void>;
}
