import { createRandom, deriveSeed, type Random } from '../../random/random.js';
import type { QueryParameter } from '../protocol/uri.js';
import { patternToRegExp } from './pattern.js';
import type { Fault, FaultCount, FaultRule, FaultRules } from './rules.js';
import { Throttle } from './throttle.js';

/** What a rule can see of a request. */
export interface AskedRequest {
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  readonly method: string;
  readonly query: readonly QueryParameter[];
}

/** A fault for one request, with the randomness that it may need. */
export interface ChosenFault {
  readonly fault: Fault;
  readonly random: Random;
}

/** Chooses which requests fail, and how. The same requests in the same order meet the same faults. */
export class Faults {
  readonly #rules: readonly RuleInUse[];
  readonly #throttle: Throttle | undefined;
  readonly #nowMs: () => number;
  readonly #startMs: number;

  /** @param nowMs - A clock that never goes back. @defaultValue `performance.now` */
  constructor(rules: FaultRules, nowMs: () => number = () => performance.now()) {
    const { seed = 1 } = rules;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    // A stream of randomness for each rule: adding one leaves the others as they were.
    this.#rules = (rules.rules ?? []).map(
      (rule, index) => new RuleInUse(rule, createRandom(deriveSeed(seed, `rule ${index}`))),
    );
    this.#throttle = rules.throttle === undefined ? undefined : new Throttle(rules.throttle);
  }

  /** What shall go wrong with this request; undefined: nothing. Counts it. */
  choose(asked: AskedRequest): ChosenFault | undefined {
    const nowMs = this.#nowMs();
    let chosen: ChosenFault | undefined;
    // Every rule counts every request that fits it, whatever an earlier one decides.
    for (const rule of this.#rules) {
      if (rule.takes(asked, nowMs - this.#startMs, chosen === undefined)) {
        chosen = { fault: rule.fault, random: rule.random };
      }
    }
    if (chosen !== undefined || this.#throttle === undefined) return chosen;
    const refusal = this.#throttle.refusal(asked, nowMs);
    return refusal === undefined ? undefined : { fault: refusal, random: () => 0 };
  }

  /** In the order of the rules; the throttle last. */
  counts(): FaultCount[] {
    const counts = this.#rules.map(({ name, matched, fired }) => ({ name, matched, fired }));
    return this.#throttle === undefined ? counts : [...counts, this.#throttle.count()];
  }
}

class RuleInUse {
  readonly name: string;
  readonly fault: Fault;
  readonly random: Random;
  matched = 0;
  fired = 0;
  readonly #rule: FaultRule;
  readonly #key: RegExp;
  readonly #query: readonly (readonly [string, RegExp])[];

  constructor(rule: FaultRule, random: Random) {
    this.name = rule.name ?? rule.fault.kind;
    this.fault = rule.fault;
    this.random = random;
    this.#rule = rule;
    this.#key = patternToRegExp(rule.key ?? '**');
    this.#query = Object.entries(rule.query ?? {}).map(([name, value]) => [name, patternToRegExp(value)]);
  }

  takes(asked: AskedRequest, sinceMs: number, mayFire: boolean): boolean {
    if (!this.#fits(asked)) return false;
    this.matched += 1;
    const wants = this.#wants(sinceMs);
    if (!wants || !mayFire) return false;
    this.fired += 1;
    return true;
  }

  #fits({ operation, bucket, key, query }: AskedRequest): boolean {
    const rule = this.#rule;
    if (rule.operation !== undefined && ![rule.operation].flat().includes(operation)) return false;
    if (rule.bucket !== undefined && rule.bucket !== bucket) return false;
    if (!this.#key.test(key)) return false;
    return this.#query.every(([name, pattern]) =>
      query.some((parameter) => parameter.name === name && pattern.test(parameter.value)),
    );
  }

  #wants(sinceMs: number): boolean {
    const { nth, every = 1, from = 1, to = Infinity, times = Infinity, probability } = this.#rule;
    const { afterMs = 0, untilMs = Infinity } = this.#rule;
    const isInTime = sinceMs >= afterMs && sinceMs < untilMs;
    const isInTurn = this.matched >= from && this.matched <= to && this.matched % every === 0;
    const isNamed = nth === undefined || [nth].flat().includes(this.matched);
    if (!isInTime || !isInTurn || !isNamed || this.fired >= times) return false;
    return probability === undefined || this.random() < probability;
  }
}
