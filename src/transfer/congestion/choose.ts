import { bbr } from './bbr.js';
import { runControl, type WindowController, type WindowLimits } from './controller.js';
import { cubic } from './cubic.js';
import { fixed } from './fixed.js';

/** The values of `transfer.congestion`. */
export const CONGESTION_CONTROLS = ['fixed', 'cubic', 'bbr'] as const;
export type CongestionName = (typeof CONGESTION_CONTROLS)[number];

/** The window of one transfer. */
export function createWindow(name: CongestionName, limits: WindowLimits, nowMs: number): WindowController {
  if (name === 'cubic') return runControl(cubic, limits, nowMs);
  return name === 'bbr' ? runControl(bbr, limits, nowMs) : runControl(fixed, limits, nowMs);
}
