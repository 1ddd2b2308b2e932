/** Something has to listen, and has nothing to do. */
const HELD = (): void => undefined;

/**
 * A signal that fires `limitMs` from now, and with `signal` where that fires before: what `AbortSignal.timeout` inside
 * of `AbortSignal.any` should be. Node before 24 holds a timeout signal only weakly there, so that the limit never
 * comes where garbage was collected meanwhile (nodejs/node#57736); a listener of its own holds it until it fires.
 *
 * @param limitMs - Milliseconds. Does not keep the process alive.
 * @returns Its reason is `signal`'s, or a `TimeoutError` of the limit.
 */
export function deadline(limitMs: number, signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(limitMs);
  limit.addEventListener('abort', HELD, { once: true });
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}
