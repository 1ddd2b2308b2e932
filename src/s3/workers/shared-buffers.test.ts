import { SharedBuffers } from './shared-buffers.js';

describe('shared buffers', () => {
  test('what was given back is taken again, where it is large enough', () => {
    const buffers = new SharedBuffers(100);
    const first = buffers.take(40);
    if (first === undefined) throw new Error('there is room');
    buffers.giveBack(first);
    expect(buffers.take(30)).toBe(first);
    expect(buffers.take(30)?.byteLength).toBe(30);
  });

  test('no more than the bound is in use, and idle memory makes room for what it is too small for', () => {
    const buffers = new SharedBuffers(100);
    const [first, second] = [buffers.take(40), buffers.take(40)];
    expect(buffers.take(40)).toBeUndefined();
    if (first === undefined || second === undefined) throw new Error('there is room');
    buffers.giveBack(first);
    expect(buffers.take(61)).toBeUndefined();
    expect(buffers.take(60)?.byteLength).toBe(60);
    buffers.giveBack(second);
    expect(buffers.take(40)).toBe(second);
  });

  test('what is larger than the bound finds no room', () => {
    expect(new SharedBuffers(100).take(101)).toBeUndefined();
  });
});
