import { parseArgs } from 'node:util';
import { quickConfig } from '../../config/quick.js';
import { endQuietlyOnClosedPipe, reportFailure } from '../exit.js';
import { interruptible } from '../interrupt.js';
import { FLAG_KEYS } from '../flag-keys.js';
import { parsePlace } from './places.js';
import { runCopy, type CopyWish } from './run.js';
import { STREAM_WORD } from './stream-word.js';

type Text = Readonly<Record<string, string | undefined>>;

/** The arguments of a copy; the command's own parser has the last word on what they mean. */
export type QuickWish = Omit<CopyWish, 'source' | 'destination'> & {
  readonly source: string;
  readonly destination: string;
};

/** Flags that take a text. */
const TEXTS = [
  'endpoint',
  'region',
  'level',
  'chunk-size',
  'connections',
  'congestion',
  'transfer-workers',
  'storage-class',
  'log-level',
] as const;

/**
 * Copies without the parser of all commands, the schema library and the reader of YAML: half a second of processor time
 * on a slow machine, which is what a small copy takes in all.
 *
 * @returns `false` where the arguments or the configuration are not of the plain kind; nothing has been done then.
 */
export async function copyQuickly(argv: readonly string[]): Promise<boolean> {
  const wish = quickWish(argv, process.env);
  if (wish === undefined) return false;
  process.stdout.on('error', endQuietlyOnClosedPipe);
  try {
    const places = { source: parsePlace(wish.source), destination: parsePlace(wish.destination) };
    await interruptible((signal) => runCopy({ ...wish, ...places }, signal));
  } catch (reason) {
    reportFailure(reason);
  }
  return true;
}

/** What the command would make of these arguments; `undefined` where it has to be asked. */
export function quickWish(argv: readonly string[], environment: Text): QuickWish | undefined {
  if (argv[0] !== 'cp' || argv.includes('--')) return undefined;
  const parsed = parse(argv.slice(1));
  const [source, destination, ...more] = parsed?.positionals ?? [];
  if (parsed === undefined || more.length > 0) return undefined;
  if (source === undefined || destination === undefined || source === '' || destination === '')
    return undefined;
  const { values } = parsed;
  const texts: Text = Object.fromEntries(TEXTS.map((name) => [FLAG_KEYS[name], values[name]]));
  if (Object.values(texts).includes('')) return undefined;
  const hedge = values.hedge === true ? { [FLAG_KEYS.hedge]: 'true' } : {};
  const config = quickConfig({ flags: { ...texts, ...hedge }, environment });
  if (config === undefined) return undefined;
  return {
    source: source === '-' ? STREAM_WORD : source,
    destination: destination === '-' ? STREAM_WORD : destination,
    config,
    recursive: values.recursive === true,
    json: values.json === true,
    resume: values['no-resume'] !== true,
    logLevel: values['log-level'] === undefined ? 'error' : config.log.level,
  };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const onOff = { type: 'boolean' } as const;
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        endpoint: text,
        region: text,
        level: text,
        'chunk-size': text,
        connections: text,
        congestion: text,
        'transfer-workers': text,
        'storage-class': text,
        'log-level': text,
        hedge: onOff,
        recursive: { ...onOff, short: 'r' },
        json: onOff,
        'no-resume': onOff,
      },
    });
  } catch {
    return undefined;
  }
}
