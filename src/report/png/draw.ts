import { join } from 'node:path';
import { packageRoot } from '../../config/paths.js';
import { Failure } from '../../errors/failure.js';
import { toPicture } from './chart-config.js';
import type { Chart } from './charts.js';
import { FAMILY, PAPER } from './palette.js';

/** Draws one chart as PNG at twice its size. Loads the canvas at the first call: nothing else needs it. */
export async function drawPng(chart: Chart): Promise<Buffer> {
  const { ChartJSNodeCanvas } = await import('chartjs-node-canvas');
  await registerFonts();
  const { width, height, config } = toPicture(chart);
  const canvas = new ChartJSNodeCanvas({ width, height, backgroundColour: PAPER });
  // The asynchronous calls pass arguments that @napi-rs/canvas does not take.
  return canvas.renderToBufferSync(config, 'image/png');
}

let registered: Promise<void> | undefined;

/** The bundled font, so that a picture looks the same on a machine without fonts. */
function registerFonts(): Promise<void> {
  registered ??= (async () => {
    // `canvas` is @napi-rs/canvas (overrides in package.json), which has no `registerFont`.
    const { GlobalFonts } = await import('canvas');
    for (const file of ['Inter-Regular.otf', 'Inter-SemiBold.otf']) {
      const path = join(packageRoot, 'src/report/fonts', file);
      if (!GlobalFonts.registerFromPath(path, FAMILY)) {
        throw new Failure('internal', `The font ${path} can not be loaded`, {
          subject: path,
          remedy: 'Install the package again',
        });
      }
    }
  })();
  return registered;
}
