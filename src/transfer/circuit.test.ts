import { Circuit } from './circuit.js';

describe('the circuit of the optimized way', () => {
  let nowMs = 0;
  let circuit: Circuit;

  beforeEach(() => {
    nowMs = 0;
    circuit = new Circuit(() => nowMs);
  });

  function fail(times: number): void {
    for (let count = 0; count < times; count += 1) circuit.failed('throttled: slow down');
  }

  test('opens after three failures in a row, and tells the reason', () => {
    fail(2);
    circuit.succeeded();
    fail(2);
    expect(circuit.refusal()).toBeUndefined();
    fail(1);
    expect(circuit.refusal()).toMatch(/3 times in a row: throttled: slow down/);
  });

  test('lets one try after a minute; the others stay plain until it has ended', () => {
    fail(3);
    nowMs = 59_999;
    expect(circuit.refusal()).toBeDefined();
    nowMs = 60_000;
    expect(circuit.refusal()).toBeUndefined();
    expect(circuit.refusal()).toBeDefined();
    circuit.succeeded();
    expect([circuit.refusal(), circuit.refusal()]).toEqual([undefined, undefined]);
  });

  test('stays open for another minute where the trial fails, and tries again where it says nothing', () => {
    fail(3);
    nowMs = 60_000;
    expect(circuit.refusal()).toBeUndefined();
    fail(1);
    nowMs = 119_999;
    expect(circuit.refusal()).toBeDefined();
    nowMs = 120_000;
    expect(circuit.refusal()).toBeUndefined();
    circuit.undecided();
    expect(circuit.refusal()).toBeUndefined();
  });
});
