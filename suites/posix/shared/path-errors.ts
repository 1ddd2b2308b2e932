import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import {
  NAME_MAX_BYTES,
  PATH_MAX_BYTES,
  callsAsUser,
  equal,
  type CaseContext,
  type CaseDefinition,
  type FsCall,
  type Need,
} from '../../../src/harness/api/index.js';
import { requireReachable } from './other-user.js';

/** A call on one path, to which the errors of path resolution (path_resolution(7)) apply. */
export interface PathCall {
  /** The group, and with `variant` the start of each case's id. */
  readonly group: string;
  /** Tells several calls of one group apart: `to` of rename. */
  readonly variant?: string;
  /** As in the report: `rename`. */
  readonly operation: string;
  readonly needs?: readonly Need[];
  /** The call makes its last name, so a missing name is no error of it. */
  readonly creates?: boolean;
  /** Prepares what the call needs besides the path. */
  prepare?(context: CaseContext): Promise<void>;
  call(path: string, context: CaseContext): unknown;
  /** The same call by name, for another user; absent where Node's child can not make it. */
  readonly asUser?: (path: string, context: CaseContext) => FsCall;
}

/** The shared cases of one call: ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP and EACCES of path resolution. */
export function pathErrorCases(target: PathCall): CaseDefinition[] {
  return [...missing(target), notDirectory(target), ...tooLong(target), loop(target), ...denied(target)];
}

function define(
  target: PathCall,
  name: string,
  says: string,
  run: (context: CaseContext) => Promise<void>,
  needs: readonly Need[] = [],
): CaseDefinition {
  const variant = target.variant === undefined ? '' : `${target.variant}-`;
  return {
    id: `${target.group}/${variant}${name}`,
    says: `${target.operation}(2)${target.variant === undefined ? '' : ` (${target.variant})`} ${says}`,
    operations: [target.operation],
    needs: [...new Set([...(target.needs ?? []), ...needs])],
    async run(context) {
      await target.prepare?.(context);
      await run(context);
    },
  };
}

function missing(target: PathCall): CaseDefinition[] {
  const prefix = define(
    target,
    'enoent-when-a-prefix-is-missing',
    'fails with ENOENT when a directory of the path is missing',
    (context) => context.expectErrno('ENOENT', () => target.call(context.path('missing', 'name'), context)),
  );
  const name = define(
    target,
    'enoent-when-the-name-is-missing',
    'fails with ENOENT when the name does not exist',
    (context) => context.expectErrno('ENOENT', () => target.call(context.path('missing'), context)),
  );
  const empty = define(
    target,
    'enoent-when-the-path-is-empty',
    'fails with ENOENT when the path is empty',
    (context) => context.expectErrno('ENOENT', () => target.call('', context)),
  );
  return target.creates === true ? [prefix, empty] : [prefix, name, empty];
}

function notDirectory(target: PathCall): CaseDefinition {
  return define(
    target,
    'enotdir-when-a-prefix-is-a-file',
    'fails with ENOTDIR when a directory of the path is a file',
    async (context) => {
      await writeFile(context.path('file'), '');
      await context.expectErrno('ENOTDIR', () => target.call(context.path('file', 'name'), context));
    },
  );
}

function tooLong(target: PathCall): CaseDefinition[] {
  const name = define(
    target,
    'enametoolong-when-a-name-has-256-bytes',
    'fails with ENAMETOOLONG when a name has 256 bytes',
    (context) =>
      context.expectErrno('ENAMETOOLONG', () =>
        target.call(context.path('n'.repeat(NAME_MAX_BYTES + 1)), context),
      ),
  );
  const path = define(
    target,
    'enametoolong-when-the-path-has-4096-bytes',
    'fails with ENAMETOOLONG when the path has 4,096 bytes',
    (context) =>
      context.expectErrno('ENAMETOOLONG', () => target.call(pathOfBytes(context, PATH_MAX_BYTES), context)),
  );
  return [name, path];
}

function loop(target: PathCall): CaseDefinition {
  return define(
    target,
    'eloop-when-a-prefix-is-a-symlink-loop',
    'fails with ELOOP when a directory of the path is a loop of symbolic links',
    async (context) => {
      await symlink('there', context.path('here'));
      await symlink('here', context.path('there'));
      await context.expectErrno('ELOOP', () => target.call(context.path('here', 'name'), context));
    },
    ['symlink'],
  );
}

function denied(target: PathCall): CaseDefinition[] {
  const { asUser } = target;
  if (asUser === undefined) return [];
  const run = async (context: CaseContext): Promise<void> => {
    await requireReachable(context);
    const closed = context.path('closed');
    await mkdir(closed);
    await writeFile(context.path('closed', 'name'), '');
    await chmod(closed, 0o600);
    const answers = await callsAsUser([asUser(context.path('closed', 'name'), context)], context);
    equal(
      answers,
      ['EACCES'],
      `errno of ${target.operation} below a directory of mode 0600 for another user`,
    );
  };
  const says = 'fails with EACCES when another user may not search a directory of the path';
  return [define(target, 'eacces-when-a-prefix-may-not-be-searched', says, run, ['root'])];
}

/** A path to the missing name `xxx...` in the case's directory, padded with `./` to an exact length. */
export function pathOfBytes(context: CaseContext, lengthBytes: number, name = 'x'): string {
  const start = `${context.directory}/`;
  const room = lengthBytes - Buffer.byteLength(start) - Buffer.byteLength(name);
  const slash = room % 2 === 1 ? '/' : '';
  return `${start}${slash}${'./'.repeat(Math.floor(room / 2))}${name}`;
}
