import type { FileSystem, InodeId, Request } from '../../fs/operations.js';
import type { PrivilegeGuard } from '../privileges.js';
import type { Reply } from '../reply.js';
import type { Operation, OperationName } from '../wire/operation.js';

/** Whether the process of a thread can write to an inode by some descriptor; `false` also where nobody can tell. */
export type CanWrite = (threadId: number, ino: InodeId) => boolean;

export interface HandlerContext {
  readonly fileSystem: FileSystem;
  readonly guard: PrivilegeGuard;
  /** How long the kernel may remember that a name does not exist; 0: not at all. */
  readonly negativeTtlMs: number;
  readonly canWrite: CanWrite;
}

/** Operations that the session deals with itself. */
type SessionOperation = 'init' | 'destroy' | 'interrupt' | 'forget';
export type ServedName = Exclude<OperationName, SessionOperation>;
export type ServedOperation = Exclude<Operation, { readonly op: SessionOperation }>;
type OperationOf<Name extends OperationName> = Extract<Operation, { readonly op: Name }>;

/** Answers with a reply or throws; never sends anything itself. */
export type Handler<Name extends ServedName> = (
  context: HandlerContext,
  ino: InodeId,
  operation: OperationOf<Name>,
  request: Request,
) => Promise<Reply>;

export type Handlers<Names extends ServedName> = { readonly [Name in Names]: Handler<Name> };
