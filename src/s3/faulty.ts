import { Failure, type FailureKind } from '../errors/failure.js';
import { OPERATION_OF, wrapStore, type StoreMethod } from './metered.js';
import type { ObjectStore } from './store.js';

/** Which requests of a store fail, for sweeps over every request of an operation. */
export interface FaultPlan {
  /** The first request to fail, counted from 1 over the requests that {@link FaultPlan.methods} names. */
  readonly nth: number;
  /** `once`: only that one. `from-then-on`: it and all after it. */
  readonly mode: 'once' | 'from-then-on';
  /** @defaultValue `server-error` */
  readonly kind?: FailureKind;
  /** `lost-reply`: the request is carried out and only its answer is lost. @defaultValue `before` */
  readonly when?: 'before' | 'lost-reply';
  /** @defaultValue all */
  readonly methods?: readonly StoreMethod[];
}

export interface FaultyStore {
  readonly store: ObjectStore;
  /** Requests that were made to fail so far: 0 means that the sweep has passed the last request. */
  fired(): number;
}

/** Makes chosen requests of a store fail. */
export function faultyStore(store: ObjectStore, plan: FaultPlan): FaultyStore {
  let seen = 0;
  let fired = 0;
  const faulty = wrapStore(store, async (method, run) => {
    if (plan.methods?.includes(method) === false) return run();
    seen += 1;
    const fails = plan.mode === 'once' ? seen === plan.nth : seen >= plan.nth;
    if (!fails) return run();
    fired += 1;
    if (plan.when === 'lost-reply') await run();
    throw new Failure(plan.kind ?? 'server-error', `${OPERATION_OF[method]}: failure made for a test`);
  });
  return { store: faulty, fired: () => fired };
}
