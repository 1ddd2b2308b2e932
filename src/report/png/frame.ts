import type { Plugin } from 'chart.js';
import type { Chart } from './charts.js';
import { FAMILY, INK, MUTED, SIMULATED_INK, SIMULATED_PAPER } from './palette.js';

export const WIDTH = 1000;
const MARGIN = 28;
const BANNER = 36;

/** Room that the title, the banner and the footer need around the chart itself. */
export function framePadding(chart: Chart): { top: number; right: number; bottom: number; left: number } {
  const banner = chart.simulated === undefined ? 0 : BANNER;
  return { top: banner + 88, right: MARGIN, bottom: 44, left: MARGIN };
}

/** Title, subtitle, footer, and the banner that no simulated picture goes without. */
export function framePlugin(chart: Chart): Plugin {
  return {
    id: 'frame',
    afterDraw: (drawn) => {
      const { width, height } = drawn;
      const ctx = surfaceOf(drawn);
      const top = chart.simulated === undefined ? 0 : BANNER;
      ctx.save();
      ctx.textBaseline = 'alphabetic';
      ctx.textAlign = 'left';
      if (chart.simulated !== undefined) {
        ctx.fillStyle = SIMULATED_PAPER;
        ctx.fillRect(0, 0, width, BANNER);
        text(ctx, chart.simulated, MARGIN, 23, `600 14px "${FAMILY}"`, SIMULATED_INK);
      }
      text(ctx, chart.title, MARGIN, top + 42, `600 22px "${FAMILY}"`, INK);
      text(ctx, chart.subtitle, MARGIN, top + 66, `13px "${FAMILY}"`, MUTED);
      text(ctx, chart.footer, MARGIN, height - 16, `11px "${FAMILY}"`, MUTED);
      ctx.restore();
    },
  };
}

export function text(ctx: Surface, words: string, x: number, y: number, font: string, colour: string): void {
  ctx.font = font;
  ctx.fillStyle = colour;
  ctx.fillText(words, x, y);
}

/** The part of a 2D context that is drawn with; the DOM's types are not loaded in Node. */
export interface Surface {
  font: string;
  fillStyle: string;
  textAlign: 'left' | 'right' | 'center';
  textBaseline: 'alphabetic';
  fillText(words: string, x: number, y: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  beginPath(): void;
  arc(x: number, y: number, radius: number, start: number, end: number): void;
  fill(): void;
  save(): void;
  restore(): void;
}

export function surfaceOf(drawn: { readonly ctx: unknown }): Surface {
  // Chart.js types it by the DOM; what is there is the canvas library's context, which has these members.
  return drawn.ctx as Surface;
}
