import { usageError } from '../../errors/failure.js';
import type { LinkProfile } from './profile.js';
import { distanceKm, PLACES } from './regions.js';

const MB = 1e6;

/**
 * AWS: one concurrent request per 85 to 90 MB/s of wanted throughput; first byte of small objects after 100 to 200 ms
 * (median in the tens of ms per the performance whitepaper); 5 Gbit/s for instances of fewer than 32 vCPUs.
 */
const AWS_SOURCE =
  'AWS S3 User Guide, "Performance design patterns for Amazon S3" (85-90 MB/s per request; 100-200 ms first byte); ' +
  'AWS whitepaper "Best Practices Design Patterns: Optimizing Amazon S3 Performance" (under 512 KB: median latency ' +
  'often in the tens of ms); Amazon EC2 User Guide, "Amazon EC2 instance network bandwidth" (5 Gbit/s)';

/**
 * Rates of connection and host are scaled alike. On two cores client, link and server take about 11 ms of processor time for
 * a MiB of an upload, 8 of them on the server's one thread: 200 MB/s are more than they carry, and a comparison at that
 * rate compares processor time. At 87.5 MB/s two cores are half busy, and the path is the limit on an idle machine.
 */
const SCALE = 7;
const SCALE_TEXT = `Scaled 1:${SCALE} so that the path and not two cores is the limit; times are not scaled`;

/** The service's share of the first byte. With the round trip of `same-region` it makes 20 ms. */
const SERVICE_MS = 18;

/** From 85 to 90 MB/s. */
const CONNECTION_BYTES_PER_SECOND = (87.5 * MB) / SCALE;
/** From 625 MB/s (5 Gbit/s), rounded to seven connections. */
const HOST_BYTES_PER_SECOND = 7 * CONNECTION_BYTES_PER_SECOND;

/** No shaping at all. */
export const LOOPBACK: LinkProfile = {
  name: 'loopback',
  description: 'The loopback device of this machine, not shaped',
  source: 'None: what the machine gives',
  roundTripMs: 0,
  requestOverheadMs: 0,
};

/** An S3 server in the same building. Payload of gigabit Ethernet: 1460 of 1538 bytes on the wire. */
const LAN: LinkProfile = {
  name: 'lan',
  description: 'A server on the same gigabit Ethernet: 118 MB/s in all, 0.5 ms round trip, 1 ms service time',
  source:
    'IEEE 802.3 frame overhead with TCP/IPv4: 1460/1538 of 1 Gbit/s; round trip: typical switched Ethernet',
  roundTripMs: 0.5,
  requestOverheadMs: 1,
  totalUpBytesPerSecond: 118 * MB,
  totalDownBytesPerSecond: 118 * MB,
  slowStart: true,
};

const SAME_REGION: LinkProfile = {
  name: 'same-region',
  description: `S3 from a host in its own region: 12.5 MB/s per connection, 87.5 MB/s in all, first byte after 20 ms. ${SCALE_TEXT}`,
  source: AWS_SOURCE,
  roundTripMs: 2,
  requestOverheadMs: SERVICE_MS,
  connectionUpBytesPerSecond: CONNECTION_BYTES_PER_SECOND,
  connectionDownBytesPerSecond: CONNECTION_BYTES_PER_SECOND,
  totalUpBytesPerSecond: HOST_BYTES_PER_SECOND,
  totalDownBytesPerSecond: HOST_BYTES_PER_SECOND,
  slowStart: true,
};

const ACROSS: LinkProfile = distantProfile('cross-region', 70, 'S3 from a host across a continent');

const CROSS_REGION: LinkProfile = {
  ...ACROSS,
  description: `${ACROSS.description}. 0.1 % of segments are lost, which CUBIC makes about 0.8 MB/s of a long connection`,
  source: `${ACROSS.source}; loss: RFC 9438 table 2 computes with such ratios`,
  lossRatio: 0.001,
};

/** Not scaled: a slow line is never limited by two cores. */
const HOME: LinkProfile = {
  name: 'home',
  description:
    'S3 over a home line: 40 Mbit/s down, 10 Mbit/s up, 25 ms round trip, 18 ms service time; a queue of 210 ms up and ' +
    '105 ms down. Not scaled',
  source:
    'A common VDSL2 tariff, 40/10 Mbit/s (5 and 1.25 MB/s); round trip: access line of 10-20 ms and a metropolitan ' +
    'path; queues: hundreds of ms in home routers, Gettys and Nichols, "Bufferbloat", ACM Queue 9(11), 2011',
  roundTripMs: 25,
  requestOverheadMs: SERVICE_MS,
  totalUpBytesPerSecond: 1.25 * MB,
  totalDownBytesPerSecond: 5 * MB,
  queueUpBytes: 256 * 1024,
  queueDownBytes: 512 * 1024,
  slowStart: true,
};

/** Not scaled. Chosen, not measured: what varies more than it is typical. */
const MOBILE: LinkProfile = {
  name: 'mobile',
  description:
    'S3 over a mobile network: 30 Mbit/s down, 10 Mbit/s up, which go down to 30 % and for 300 ms to nothing in turns ' +
    'of 20 s; 50 ms round trip with 20 ms jitter, a queue of half a second, 0.01 % loss. Not scaled',
  source:
    'Chosen by hand: an LTE bearer hides most loss behind repetition (3GPP TS 36.322), so it shows as jitter and queue; ' +
    'the outage is a handover',
  roundTripMs: 50,
  requestOverheadMs: SERVICE_MS,
  jitterMs: 20,
  totalUpBytesPerSecond: 1.25 * MB,
  totalDownBytesPerSecond: 3.75 * MB,
  queueUpBytes: 640 * 1024,
  queueDownBytes: 1920 * 1024,
  lossRatio: 0.0001,
  slowStart: true,
  capacitySteps: [
    { afterMs: 6_000, factor: 0.6 },
    { afterMs: 10_000, factor: 0 },
    { afterMs: 10_300, factor: 0.3 },
    { afterMs: 14_000, factor: 0.8 },
  ],
  capacityPeriodMs: 20_000,
};

/** Not scaled. */
const SATELLITE: LinkProfile = {
  name: 'satellite',
  description:
    'S3 over a geostationary satellite: 25 Mbit/s down, 3 Mbit/s up, 600 ms round trip, a queue of a second, 0.1 % loss ' +
    'in bursts of 8 segments. Not scaled',
  source:
    'Four times 35,786 km at the speed of light make 477 ms, the rest is access and path (RFC 2488 section 2); rates: a ' +
    'common tariff; bursts: chosen by hand',
  roundTripMs: 600,
  requestOverheadMs: SERVICE_MS,
  totalUpBytesPerSecond: 0.375 * MB,
  totalDownBytesPerSecond: 3.125 * MB,
  queueUpBytes: 384 * 1024,
  queueDownBytes: 3072 * 1024,
  lossRatio: 0.001,
  lossBurstSegments: 8,
  slowStart: true,
};

/** The named profiles of `--link`, in the order of distance. */
export const LINK_PROFILES: readonly LinkProfile[] = [
  LOOPBACK,
  LAN,
  SAME_REGION,
  CROSS_REGION,
  HOME,
  MOBILE,
  SATELLITE,
];

/**
 * The profile of a name.
 *
 * @throws Failure `usage` where there is none.
 */
export function profileNamed(name: string): LinkProfile {
  const profile = LINK_PROFILES.find((candidate) => candidate.name === name);
  if (profile !== undefined) return profile;
  const names = LINK_PROFILES.map((candidate) => candidate.name).join(', ');
  throw usageError(
    `There is no link profile "${name}"`,
    `Choose one of ${names}, or name a file that ends in .yaml`,
    name,
  );
}

/**
 * The path to S3 in `region`, for a simulated `--region`. Without `fromRegion` the client is taken to be in that
 * region, as AWS advises and as published benchmarks are run: `same-region`. With it, the round trip follows from the
 * distance. Regions that are not in the table count as the client's own.
 */
export function profileForRegion(region: string, fromRegion: string = region): LinkProfile {
  const there = PLACES[region];
  const here = PLACES[fromRegion];
  if (region === fromRegion || there === undefined || here === undefined) return SAME_REGION;
  const roundTripMs = Math.round(2 + distanceKm(here, there) / KM_PER_ROUND_TRIP_MS);
  return distantProfile(
    `${fromRegion}-to-${region}`,
    roundTripMs,
    `S3 in ${region} from a host in ${fromRegion}`,
  );
}

/** Light in fibre makes 200 km/ms one way; cable routes are about 1.5 times the great circle. */
const KM_PER_ROUND_TRIP_MS = 200 / 2 / 1.5;

/**
 * A connection is limited by its window: Linux opens 6 MiB of receive buffer (tcp(7), tcp_rmem), half of it as window,
 * which passes once per round trip; scaled like the rest, and never more than in the region.
 */
function distantProfile(name: string, roundTripMs: number, what: string): LinkProfile {
  const windowBytes = 3 * 1024 * 1024;
  const scaled = windowBytes / (roundTripMs / 1000) / SCALE;
  const perConnection = Math.min(CONNECTION_BYTES_PER_SECOND, Math.round(scaled / (0.1 * MB)) * 0.1 * MB);
  return {
    name,
    description:
      `${what}: ${roundTripMs} ms round trip, ${(perConnection / MB).toFixed(1)} MB/s per connection, ` +
      `87.5 MB/s in all, 18 ms service time. ${SCALE_TEXT}`,
    source: `${AWS_SOURCE}; tcp(7) tcp_rmem for the window of one connection`,
    roundTripMs,
    requestOverheadMs: SERVICE_MS,
    connectionUpBytesPerSecond: perConnection,
    connectionDownBytesPerSecond: perConnection,
    totalUpBytesPerSecond: HOST_BYTES_PER_SECOND,
    totalDownBytesPerSecond: HOST_BYTES_PER_SECOND,
    slowStart: true,
  };
}
