/** Kinds of outside suites that are understood: `pjdfstest` is a tree of TAP programs. */
export const EXTERNAL_KINDS = ['tap', 'pjdfstest', 'fsx', 'fio', 'stress-ng'] as const;
export type ExternalKind = (typeof EXTERNAL_KINDS)[number];

/** Kinds that can be told how many operations to do. */
export const KINDS_WITH_OPERATIONS: readonly ExternalKind[] = ['fsx', 'stress-ng'];

/** Longest time of one program; a conformance file of some thousand calls takes seconds. */
export const DEFAULT_LIMIT_MS = 300_000;

/** What the user has installed, and how much of it is run. */
export interface ExternalWish {
  readonly kind: ExternalKind;
  /**
   * `tap`, `pjdfstest`: a TAP program, or a folder with `*.t` programs at any depth. `fsx`, `stress-ng`: the program.
   * `fio`: the program, a job file, or a folder of `*.fio` job files.
   *
   * @defaultValue the program of that name on PATH
   */
  readonly path?: string;
  /** `fsx`: of a case. `stress-ng`: bogo operations of a stressor, in place of its time. */
  readonly operations?: number;
  /** Of one program. @defaultValue {@link DEFAULT_LIMIT_MS} */
  readonly limitMs?: number;
}
