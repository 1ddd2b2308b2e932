import { Failure } from '../errors/failure.js';
import { chooseInitFlags } from './abi/init-flags.js';
import { MOST_PAGES, NEWEST_MINOR, OLDEST_MINOR, PAGE_SIZE, PROTOCOL_MAJOR } from './abi/layouts.js';
import type { Negotiated } from './wire/negotiated.js';
import type { InitOffer } from './wire/operation.js';

/**
 * The answer to the kernel's INIT.
 *
 * @param offer - What the kernel can do.
 * @param maxBackground - Background requests that the kernel may have in flight.
 * @param passthrough - Whether the mount wants to lend files to the kernel.
 * @throws Failure `unsupported` where the kernel is older than Linux 5.4.
 */
export function negotiate(offer: InitOffer, maxBackground: number, passthrough: boolean): Negotiated {
  if (offer.major !== PROTOCOL_MAJOR || offer.minor < OLDEST_MINOR) {
    throw new Failure(
      'unsupported',
      `The kernel speaks FUSE ${offer.major}.${offer.minor}, ${PROTOCOL_MAJOR}.${OLDEST_MINOR} is needed`,
      { remedy: 'Use Linux 5.4 or newer' },
    );
  }
  return {
    minor: Math.min(offer.minor, NEWEST_MINOR),
    flags: chooseInitFlags(offer.flags, passthrough),
    maxWriteBytes: MOST_PAGES * PAGE_SIZE,
    maxPages: MOST_PAGES,
    maxReadaheadBytes: offer.maxReadaheadBytes,
    maxBackground,
  };
}
