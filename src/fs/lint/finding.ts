/** One thing about an object that a mount shows otherwise than its owner may think. */
export interface Finding {
  readonly key: string;
  /** Stable name of the rule, as in docs/semantics.md. */
  readonly rule: string;
  readonly reason: string;
  readonly remedy: string;
}
