import { HaltPolling } from './halt-polling.js';

const SHORT_MS = 0.02;

/** An event loop that is turned by hand: who asks for a turn keeps it from sleeping. */
function loop(cores: number) {
  const waiting: (() => void)[] = [];
  const clock = { nowMs: 0 };
  const nextTurn = (callback: () => void): void => void waiting.push(callback);
  const polling = new HaltPolling({ cores, nowMs: () => clock.nowMs, nextTurn });
  return {
    polling,
    isAwake: () => waiting.length > 0,
    turn: (laterMs: number) => {
      clock.nowMs += laterMs;
      for (const callback of waiting.splice(0)) callback();
    },
    /** Waits, and is asked after that time. */
    request: (afterMs: number) => {
      polling.begin();
      clock.nowMs += afterMs;
      polling.end();
    },
  };
}

function requests(request: (afterMs: number) => void, count: number): void {
  for (let done = 0; done < count; done += 1) request(SHORT_MS);
}

test('after requests that came one upon the other the loop stays awake, for a moment only', () => {
  const { polling, isAwake, turn, request } = loop(2);
  requests(request, 8);
  polling.begin();
  expect(isAwake()).toBe(true);
  turn(0.03);
  expect(isAwake()).toBe(true);
  turn(0.03);
  expect(isAwake()).toBe(false);
});

test('a request that did not come in time lets the next waits sleep until requests come fast again', () => {
  const { polling, isAwake, turn, request } = loop(2);
  requests(request, 8);
  polling.begin();
  turn(0.06);
  polling.end();
  requests(request, 6);
  polling.begin();
  expect(isAwake()).toBe(false);
  polling.end();
  polling.begin();
  expect(isAwake()).toBe(true);
});

test('a request ends the turning', () => {
  const { polling, isAwake, turn, request } = loop(2);
  requests(request, 8);
  polling.begin();
  polling.end();
  turn(0.01);
  expect(isAwake()).toBe(false);
});

test('slow requests leave the loop asleep', () => {
  const { polling, isAwake, request } = loop(2);
  requests(request, 7);
  request(0.2);
  requests(request, 7);
  polling.begin();
  expect(isAwake()).toBe(false);
});

test('on a single core the other side runs instead', () => {
  const { polling, isAwake, request } = loop(1);
  requests(request, 20);
  polling.begin();
  expect(isAwake()).toBe(false);
});
