import { setMaxListeners } from 'node:events';

/**
 * Prepares a signal for use by any number of requests at one time. Each request, and each wait between two tries,
 * listens to it while it runs, and one signal stands for a whole job. Node takes the eleventh listener for a leak and
 * warns; here the number is bounded by what the caller has in flight.
 */
export function sharedSignal<S extends AbortSignal | undefined>(signal: S): S {
  if (signal !== undefined) setMaxListeners(Infinity, signal);
  return signal;
}
