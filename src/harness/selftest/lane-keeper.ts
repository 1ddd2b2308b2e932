import { Failure } from '../../errors/failure.js';
import type { Cleanup } from '../../report/model.js';
import { factsOf } from '../assemble-report.js';
import { Lane, type LanePlan } from './lane.js';

/** So many breaks without a piece of work in between that went well: the machine is at fault, and the rest would be too. */
const MOST_BREAKS_IN_A_ROW = 3;

/** What came of a piece of work: its result, or why the lane broke under it. */
export type Worked<T> = { readonly result: T } | { readonly broke: Failure };

/**
 * A lane that is opened anew where it broke. What it was working on then is lost, and nothing else: a defect may well
 * leave a mount that does not come back.
 */
export class LaneKeeper {
  readonly #plan: LanePlan;
  readonly #cleanup: Cleanup[];
  readonly #facts: ReturnType<typeof factsOf>;
  #lane: Lane | undefined;
  #opened = 1;
  #breaksInARow = 0;

  private constructor(plan: LanePlan, cleanup: Cleanup[], lane: Lane) {
    this.#plan = plan;
    this.#cleanup = cleanup;
    this.#facts = factsOf(lane.endpoint);
    this.#lane = lane;
  }

  /** @throws what `Lane.open` throws: a first lane that does not open ends the run. */
  static async open(plan: LanePlan, cleanup: Cleanup[], signal: AbortSignal): Promise<LaneKeeper> {
    return new LaneKeeper(plan, cleanup, await Lane.open(plan, cleanup, signal));
  }

  /** What a report says of the endpoint; every lane of a board has the same. */
  get facts(): ReturnType<typeof factsOf> {
    return this.#facts;
  }

  /**
   * Does a piece of work; where that throws, the lane is closed and the next piece gets a new one.
   *
   * @throws the signal's reason when it fires, and the last failure where lanes keep breaking.
   */
  async use<T>(work: (lane: Lane) => Promise<T>, signal: AbortSignal): Promise<Worked<T>> {
    try {
      const result = await work((this.#lane ??= await this.#openNext(signal)));
      this.#breaksInARow = 0;
      return { result };
    } catch (reason) {
      signal.throwIfAborted();
      const broke = Failure.from(reason);
      this.#plan.tools.log.warn({ lane: this.#plan.name, err: broke }, 'a lane of the board broke');
      await this.close();
      this.#breaksInARow += 1;
      if (this.#breaksInARow >= MOST_BREAKS_IN_A_ROW) throw broke;
      return { broke };
    }
  }

  /** Never throws: what a broken lane can not take away stands in the ledger. */
  async close(): Promise<void> {
    const lane = this.#lane;
    this.#lane = undefined;
    await lane?.close(this.#cleanup).catch((reason: unknown) => {
      this.#plan.tools.log.warn({ err: Failure.from(reason) }, 'a lane of the board could not be closed');
    });
  }

  /** Bucket, folder and socket of its own: those of the broken one may still be held. */
  #openNext(signal: AbortSignal): Promise<Lane> {
    this.#opened += 1;
    const plan = { ...this.#plan, name: `${this.#plan.name}-${this.#opened}` };
    return Lane.open(plan, this.#cleanup, signal);
  }
}
