import type { Lane } from '../lane.js';

const ZEROS = Buffer.alloc(64 * 1024);

export interface Transfer {
  readonly lane: Lane;
  bytesLeft: number;
  bytesArrived: number;
  doneMs: number;
  /** Of each piece, in order. */
  readonly arrivals: { readonly bytes: number; readonly dueMs: number }[];
}

/**
 * Moves bytes over lanes on a virtual clock. Each wake-up comes late by what `latenessMs` says, as timers do; the
 * sender always has bytes, up to `bytes` of them.
 */
export function simulate(
  lanes: readonly Lane[],
  bytes: number,
  startMs: number,
  latenessMs: () => number = () => 0,
): Transfer[] {
  const transfers: Transfer[] = lanes.map((lane) => ({
    lane,
    bytesLeft: bytes,
    bytesArrived: 0,
    doneMs: NaN,
    arrivals: [],
  }));
  let nowMs = startMs;
  for (let open = transfers; open.length > 0; open = open.filter(({ doneMs }) => Number.isNaN(doneMs))) {
    for (const transfer of open) step(transfer, bytes, nowMs);
    const wakes = open.map(({ lane, bytesLeft }) => lane.wakeMs(bytesLeft > 0, true) ?? Infinity);
    nowMs = Math.max(nowMs + 0.01, Math.min(...wakes)) + latenessMs();
  }
  return transfers;
}

function step(transfer: Transfer, bytes: number, nowMs: number): void {
  const { lane } = transfer;
  for (let moved = true; moved;) {
    moved = false;
    while (transfer.bytesLeft > 0 && lane.mayAdmit(nowMs)) {
      const size = Math.min(lane.nextBytes, transfer.bytesLeft);
      lane.admit(ZEROS.subarray(0, size), nowMs);
      transfer.bytesLeft -= size;
    }
    for (let piece = lane.take(nowMs); piece !== undefined; piece = lane.take(nowMs)) {
      transfer.bytesArrived += piece.bytes.length;
      transfer.arrivals.push({ bytes: piece.bytes.length, dueMs: piece.dueMs });
      moved = true;
    }
  }
  if (transfer.bytesLeft === 0) lane.senderIdle(nowMs);
  if (transfer.bytesArrived === bytes && Number.isNaN(transfer.doneMs)) transfer.doneMs = nowMs;
}
