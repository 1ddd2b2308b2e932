import { plainProgress } from './terminal-progress.js';

describe('plainProgress', () => {
  test('a stage of a thousand steps gives at most a dozen lines and always the last', () => {
    const lines: string[] = [];
    const progress = plainProgress((line) => lines.push(line));
    progress.begin('blocks', 1000);
    for (let step = 0; step < 1000; step += 1) progress.advance();
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines.at(-1)).toBe('blocks: 1000/1000');
  });

  test('notes stand on a line of their own', () => {
    const lines: string[] = [];
    plainProgress((line) => lines.push(line)).note('bucket made');
    expect(lines).toEqual(['bucket made']);
  });
});
