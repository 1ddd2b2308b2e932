import { createHash } from 'node:crypto';

/** Digest of a whole content. */
export function digestOf(content: Uint8Array): string {
  return `${createHash('sha256').update(content).digest('hex')}:${content.length}`;
}

/** What some paths hold; `undefined` is "no such file". */
export type Outcome = ReadonlyMap<string, string | undefined>;

/**
 * What the file system has promised so far. An operation under way may have happened or not, but nothing in between:
 * its possible outcomes stand beside the acknowledged state until its answer has come.
 */
export class Manifest {
  readonly #acknowledged = new Map<string, string>();
  readonly #pending = new Map<number, readonly Outcome[]>();

  /** Files that are there for certain. */
  get size(): number {
    return this.#acknowledged.size;
  }

  digest(path: string): string | undefined {
    return this.#acknowledged.get(path);
  }

  paths(below: string): readonly string[] {
    return [...this.#acknowledged.keys()].filter((path) => path.startsWith(below));
  }

  /** Writer `writer` begins an operation that ends in one of `outcomes` beside the state before it. */
  begin(writer: number, ...outcomes: readonly Outcome[]): void {
    const [first] = outcomes;
    const before = new Map([...(first?.keys() ?? [])].map((path) => [path, this.#acknowledged.get(path)]));
    this.#pending.set(writer, [before, ...outcomes]);
  }

  /** The operation was acknowledged with its last outcome. */
  acknowledge(writer: number): void {
    const outcome = this.#pending.get(writer)?.at(-1);
    if (outcome !== undefined) this.#take(outcome);
    this.#pending.delete(writer);
  }

  /** After a crash: lines that say what is wrong with `found`; then what was found is what counts. */
  settle(found: ReadonlyMap<string, string>): readonly string[] {
    const faults: string[] = [];
    for (const [writer, outcomes] of this.#pending) {
      const outcome = outcomes.find((candidate) => fits(candidate, found));
      if (outcome === undefined)
        faults.push(`writer ${writer}: no outcome of its last operation fits: ${show(outcomes, found)}`);
      else this.#take(outcome);
      for (const path of outcomes[0]?.keys() ?? []) if (outcome === undefined) this.#adopt(path, found);
    }
    this.#pending.clear();
    for (const path of new Set([...this.#acknowledged.keys(), ...found.keys()])) {
      const [wanted, got] = [this.#acknowledged.get(path), found.get(path)];
      if (wanted !== got)
        faults.push(`${path}: acknowledged ${wanted ?? 'as removed'}, found ${got ?? 'nothing'}`);
      this.#adopt(path, found);
    }
    return faults;
  }

  #take(outcome: Outcome): void {
    for (const [path, digest] of outcome) {
      if (digest === undefined) this.#acknowledged.delete(path);
      else this.#acknowledged.set(path, digest);
    }
  }

  #adopt(path: string, found: ReadonlyMap<string, string>): void {
    this.#take(new Map([[path, found.get(path)]]));
  }
}

function fits(outcome: Outcome, found: ReadonlyMap<string, string>): boolean {
  return [...outcome].every(([path, digest]) => found.get(path) === digest);
}

function show(outcomes: readonly Outcome[], found: ReadonlyMap<string, string>): string {
  const paths = [...(outcomes[0]?.keys() ?? [])];
  const line = (outcome: ReadonlyMap<string, string | undefined>): string =>
    paths.map((path) => `${path}=${outcome.get(path)?.slice(0, 8) ?? 'none'}`).join(' ');
  return `found ${line(found)}; allowed ${outcomes.map(line).join(' | ')}`;
}
