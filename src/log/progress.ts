/** What a long command shows while it works: a live bar on a terminal, plain lines otherwise. */
export interface Progress {
  /** Starts a stage; ends the one before. */
  begin(label: string, total: number): void;
  advance(steps?: number, detail?: string): void;
  /** A line that stays. */
  note(line: string): void;
  /** Ends the last stage. */
  end(): void;
}

/** Shows nothing. */
export const silentProgress: Progress = {
  begin: () => undefined,
  advance: () => undefined,
  note: () => undefined,
  end: () => undefined,
};
