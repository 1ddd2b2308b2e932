/** What one look at the machine found. `missing` limits what can be done; `broken` stops the main job. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'missing' | 'broken';
  /** What was found, in a few words. */
  readonly detail: string;
  /** What to do about it; present unless the state is `ok`. */
  readonly remedy?: string;
}

export function ok(name: string, detail: string): Finding {
  return { name, state: 'ok', detail };
}

export function missing(name: string, detail: string, remedy: string): Finding {
  return { name, state: 'missing', detail, remedy };
}

export function broken(name: string, detail: string, remedy: string): Finding {
  return { name, state: 'broken', detail, remedy };
}
