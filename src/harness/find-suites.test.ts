import { availableSuites, selectSuites } from './find-suites.js';

describe('suites by name', () => {
  test('all stands for every suite and not for their shared helpers', async () => {
    const suites = await selectSuites(['all']);
    expect(suites).toEqual(await availableSuites());
    expect(suites[0]).toBe('posix');
    expect(suites).not.toContain('shared');
  });

  test('an unknown name is wrong use and names the nearest one', async () => {
    await expect(selectSuites(['posx'])).rejects.toMatchObject({
      kind: 'usage',
      remedy: expect.stringContaining('Did you mean "posix"') as string, // Jest types its matchers as any
    });
  });
});
