/** What a worker adds to a case's own limit before the runner's watchdog takes the case for hung. */
export const WATCHDOG_GRACE_MS = 5_000;

/** Limit of a case that names none; see `CaseDefinition.timeoutMs`. */
export const DEFAULT_CASE_TIMEOUT_MS = 10_000;
