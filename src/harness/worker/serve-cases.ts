import type { RequestCount } from '../../report/model.js';
import { RESTART_LIMIT_MS } from '../targets/revive.js';
import type { TargetSession } from '../targets/session.js';
import { startControlServer, type ControlServer } from './control-server.js';

/** What cases can ask for while they run: their target anew, and what the server was asked. */
export function serveCases(
  path: string,
  session: TargetSession,
  requestCounts: (() => Promise<RequestCount[]>) | undefined,
  signal: AbortSignal,
): Promise<ControlServer> {
  return startControlServer(path, async ({ request }) => {
    if (request === 'counts') return requestCounts?.();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(RESTART_LIMIT_MS)]);
    await (request === 'crash' ? session.crash(limit) : session.remount(limit));
    return undefined;
  });
}
