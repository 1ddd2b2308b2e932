import { formatSize } from '../config/size.js';
import type { Config } from '../config/schema.js';
import type { LinkProfile } from '../emulator/link/profile.js';
import { LINK_PROFILES } from '../emulator/link/profiles.js';
import { CONGESTION_CONTROLS } from '../transfer/congestion/choose.js';
import { createPlan, OPERATIONS } from '../bench/plan.js';
import type { LinkExperiment } from './measure-links.js';

/** What the comparison of the window controllers is planned from. */
export interface ControllersWish {
  readonly seed: number;
  readonly transfer: Config['transfer'];
  /** Absent: every named one. */
  readonly link?: LinkProfile;
  readonly sizesBytes?: readonly number[];
  readonly blocks?: number;
}

const MIB = 2 ** 20;
/** Of all links together, but for the start of each and the block that is under way. */
const TOTAL_BUDGET_MS = 500_000;
/** Added to links that have none: the ratio that `cross-region` has. */
const LOSS_RATIO = 0.001;
/** Enough for several parts up and down; small enough for some blocks on each link. */
const FAST_SIZE_BYTES = 16 * MIB;
/** The most that is moved over links slower than {@link SLOW_BYTES_PER_SECOND}. */
const SLOW_SIZE_BYTES = 8 * MIB;
const SLOW_BYTES_PER_SECOND = 10e6;
/** An upload up to this is one PutObject, in which no window is at work. */
const ONE_PUT_BYTES = 8 * MIB;

/** Each link as it is without loss, and with it. */
export function linksWithAndWithoutLoss(links: readonly LinkProfile[] = LINK_PROFILES): LinkProfile[] {
  return links.flatMap((link) => {
    const { lossRatio, lossBurstSegments, ...clean } = link;
    if (lossRatio !== undefined) return [{ ...clean, name: `${link.name} without loss` }, link];
    const lossy = { ...clean, lossRatio: LOSS_RATIO, name: `${link.name} with 0.1 % loss` };
    return [link, { ...lossy, ...(lossBurstSegments === undefined ? {} : { lossBurstSegments }) }];
  });
}

/**
 * `fixed`, `cubic` and `bbr` on every link, with and without loss.
 *
 * @throws Failure `usage` for impossible sizes and blocks.
 */
export function planControllers(wish: ControllersWish): LinkExperiment[] {
  const links = linksWithAndWithoutLoss(wish.link === undefined ? LINK_PROFILES : [wish.link]);
  const budgetMs = TOTAL_BUDGET_MS / links.length;
  // The first range of a download is smaller there, so that 8 MiB are several ranges.
  const transfer = { ...wish.transfer, level: 'aggressive' } as const;
  return links.flatMap((link) => {
    const { sizesBytes, left } = sizesFor(link, wish.sizesBytes);
    if (sizesBytes.length === 0 && left.length > 0) return [];
    const operations = OPERATIONS.filter(
      (operation) => operation === 'download' || sizesBytes.some((size) => size > ONE_PUT_BYTES),
    );
    const notes = [
      ...(left.length === 0
        ? []
        : [`${left.map(formatSize).join(', ')} left out on ${link.name}: over 8 MiB on a slow link`]),
      ...(operations.length < OPERATIONS.length
        ? [`No uploads on ${link.name}: up to 8 MiB they are one PutObject, in which no window is at work`]
        : []),
    ];
    const plan = createPlan({
      ...{ seed: wish.seed, transfer, arms: CONGESTION_CONTROLS, operations, sizesBytes, link, notes },
      ...(wish.blocks === undefined ? { budgetMs } : { blocks: wish.blocks }),
    });
    return [{ link, plan }];
  });
}

function sizesFor(link: LinkProfile, wanted: readonly number[] | undefined) {
  const rate = Math.min(link.totalDownBytesPerSecond ?? Infinity, link.totalUpBytesPerSecond ?? Infinity);
  const isSlow = rate < SLOW_BYTES_PER_SECOND;
  if (wanted === undefined) return { sizesBytes: [isSlow ? SLOW_SIZE_BYTES : FAST_SIZE_BYTES], left: [] };
  const left = isSlow ? wanted.filter((size) => size > SLOW_SIZE_BYTES) : [];
  return { sizesBytes: wanted.filter((size) => !left.includes(size)), left };
}
