import { createRequire } from 'node:module';
import type { SingleBar } from 'cli-progress';
import type { Progress } from './progress.js';

/** Share of a stage after which a plain line is due: ten lines a stage at the most. */
const PLAIN_STEP = 0.1;

/**
 * Progress for a person: a live bar where `stream` is a terminal, plain lines (one per tenth) otherwise.
 *
 * @param stream - @defaultValue stderr, so that stdout stays the command's own output.
 */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? barProgress(stream) : plainProgress((line) => stream.write(`${line}\n`));
}

function barProgress(stream: NodeJS.WriteStream): Progress {
  let bar: SingleBar | undefined;
  const end = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    begin(label, total) {
      end();
      const format = `${label.padEnd(24)} {bar} {value}/{total} {detail}`;
      // Only a terminal needs it. The type of what is required is that of its import.
      const bars = createRequire(import.meta.url)('cli-progress') as typeof import('cli-progress');
      bar = new bars.SingleBar(
        { format, stream, hideCursor: true, clearOnComplete: false },
        bars.Presets.rect,
      );
      bar.start(Math.max(total, 1), 0, { detail: '' });
    },
    advance(steps = 1, detail = '') {
      bar?.increment(steps, { detail });
    },
    note(line) {
      end();
      stream.write(`${line}\n`);
    },
    end,
  };
}

/** Exported for its test: the same events as lines. */
export function plainProgress(write: (line: string) => void): Progress {
  let stage = { label: '', total: 1, done: 0, told: 0 };
  return {
    begin(label, total) {
      stage = { label, total: Math.max(total, 1), done: 0, told: 0 };
      write(`${label}: ${total} to do`);
    },
    advance(steps = 1, detail = '') {
      stage.done += steps;
      const share = Math.min(stage.done / stage.total, 1);
      const due = share === 1 ? 1 : stage.told + PLAIN_STEP;
      if (share < due || stage.told === 1) return;
      stage.told = share;
      write(`${stage.label}: ${stage.done}/${stage.total}${detail === '' ? '' : ` ${detail}`}`);
    },
    note: write,
    end: () => undefined,
  };
}
