/** What a worker adds to a case's own limit before the runner's watchdog takes the case for hung. */
export const WATCHDOG_GRACE_MS = 5_000;

/**
 * How long one call of a case may wait for its file system; see `CaseDefinition.callTimeoutMs`. More than the 60 s for which
 * a mount of ours tries to reach its store (`mount.operationTimeoutMs`): that call ends by itself, with an error.
 */
export const DEFAULT_CALL_TIMEOUT_MS = 90_000;

/** Limit of a case that names none; see `CaseDefinition.timeoutMs`. */
export const DEFAULT_CASE_TIMEOUT_MS = 10_000;
