import { encodeName } from '../name-bytes.js';
import { isShowable, NAME_MAX_BYTES, nameOfSegment } from '../names.js';
import type { Finding } from './finding.js';

/** What the rules look at. */
export interface LintedKey {
  readonly key: string;
  /** The key below the mounted prefix. */
  readonly path: string;
  readonly sizeBytes: number;
}

const HADOOP_SUFFIX = '_$folder$';

/** Looks at keys in the order of a listing, which is that of their bytes; keeps no more than those that may be hidden. */
export class KeyRules {
  /** Objects, each the beginning of the next, that a later key may turn into the name of a directory. */
  #open: LintedKey[] = [];

  check(linted: LintedKey): Finding[] {
    return [...this.#hidden(linted), ...ofSegments(linted), ...ofKey(linted)];
  }

  #hidden(linted: LintedKey): Finding[] {
    while (this.#open.length > 0 && !linted.path.startsWith(this.#open.at(-1)?.path ?? '')) this.#open.pop();
    const isUnder = ({ path }: LintedKey): boolean => linted.path.startsWith(`${path}/`);
    const under = this.#open.filter(isUnder);
    this.#open = this.#open.filter((open) => !isUnder(open));
    if (linted.path !== '' && !linted.path.endsWith('/')) this.#open.push(linted);
    return under.map(({ key }) => ({
      key,
      rule: 'hidden-by-directory',
      reason: `there are keys below ${key}/, so the name is a directory in the mount and the object does not show`,
      remedy: 'Give the object another key, or move the keys below it',
    }));
  }
}

function ofSegments({ key, path }: LintedKey): Finding[] {
  const segments = (path.endsWith('/') ? path.slice(0, -1) : path).split('/');
  if (path === '') return [];
  const hidden = segments.find((segment) => !isShowable(segment));
  if (hidden !== undefined) {
    const what =
      hidden === '' ? 'an empty part (two slashes in a row, or one in front)' : `a part "${hidden}"`;
    const reason = `the key has ${what}, which is no file name, so the object does not show`;
    return [{ key, rule: 'no-file-name', reason, remedy: 'Copy the object to a key without it' }];
  }
  const long = segments.find((segment) => encodeName(nameOfSegment(segment)).length > NAME_MAX_BYTES);
  if (long === undefined) return [];
  const reason = `a part of the key has more than ${NAME_MAX_BYTES} bytes: the name is listed, but can not be opened`;
  return [{ key, rule: 'name-too-long', reason, remedy: 'Copy the object to a key with shorter parts' }];
}

function ofKey({ key, path, sizeBytes }: LintedKey): Finding[] {
  if (path.endsWith('/') && sizeBytes > 0) {
    const reason = `the key ends with "/", so it is a directory in the mount and its ${sizeBytes} bytes do not show`;
    return [
      { key, rule: 'directory-with-data', reason, remedy: 'Copy the object to a key without the last slash' },
    ];
  }
  if (path.endsWith(HADOOP_SUFFIX) && sizeBytes === 0) {
    const reason =
      'Hadoop marks a directory so; the mount shows an empty file of this name beside the directory';
    return [{ key, rule: 'hadoop-folder', reason, remedy: 'Delete it, and make the directory in the mount' }];
  }
  return [];
}
