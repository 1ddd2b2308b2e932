import type { CaseContext, CaseDefinition, CaseGroup, Need, Tier } from './case.js';

/** What a case may say beside its name, sentence and body. */
export interface CaseOptions {
  readonly needs?: readonly Need[];
  /** @defaultValue the list's own operations. */
  readonly operations?: readonly string[];
  readonly timeoutMs?: number;
  readonly callTimeoutMs?: number;
  readonly tier?: Tier;
}

/** Collects the cases of one group, each in few words: ids get the group's name in front. */
export class CaseList implements CaseGroup {
  readonly suite: string;
  readonly group: string;
  readonly cases: CaseDefinition[] = [];
  readonly #options: CaseOptions;

  /** `options` hold for each case that does not say otherwise; needs add up. */
  constructor(
    suite: string,
    group: string,
    options: CaseOptions & { readonly operations: readonly string[] },
  ) {
    this.suite = suite;
    this.group = group;
    this.#options = options;
  }

  /** `name` in lower-case words with hyphens; `says` is true when the case passes. */
  add(
    name: string,
    says: string,
    run: (context: CaseContext) => Promise<void> | undefined,
    options: CaseOptions = {},
  ): void {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    const callTimeoutMs = options.callTimeoutMs ?? this.#options.callTimeoutMs;
    const tier = options.tier ?? this.#options.tier;
    this.cases.push({
      id: `${this.group}/${name}`,
      says,
      operations: options.operations ?? this.#options.operations ?? [],
      needs: [...new Set([...(this.#options.needs ?? []), ...(options.needs ?? [])])],
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(callTimeoutMs === undefined ? {} : { callTimeoutMs }),
      ...(tier === undefined ? {} : { tier }),
      async run(context) {
        await run(context);
      },
    });
  }
}
