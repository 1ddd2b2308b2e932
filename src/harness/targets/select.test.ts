import { access } from 'node:fs/promises';
import { selectTarget } from './select.js';

describe('a target by its name', () => {
  const path = process.env['PATH'];
  afterEach(() => {
    process.env['PATH'] = path;
  });

  test.each([
    ['s3f', /no target "s3f"/, /Did you mean "s3fs"/],
    ['rclone:some', /no variant "some"/, /rclone, rclone:writes, rclone:full/],
    ['objectfs:fuse', /no target/, /objectfs:fuse-native/],
    ['', /no target ""/, /Targets: objectfs/],
  ])('that does not exist ("%s") is refused with those that do', async (name, message, remedy) => {
    await expect(selectTarget(name, '0.0.0')).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(remedy) as string,
    });
  });

  test.each(['s3fs', 'rclone:full'])(
    'that is not installed (%s) is absent, with how to get it',
    async (name) => {
      process.env['PATH'] = '/nonexistent';
      await expect(selectTarget(name, '0.0.0')).rejects.toMatchObject({
        kind: 'usage',
        message: expect.stringMatching(/is not installed/) as string,
        remedy: expect.stringMatching(/apt-get install/) as string,
      });
    },
  );

  test.each(['objectfs', 'objectfs:fuse-native'])('of this project (%s) needs no program', async (name) => {
    process.env['PATH'] = '/nonexistent';
    await expect(access('/nonexistent')).rejects.toThrow();
    expect((await selectTarget(name, '1.2.3')).version).toBe('1.2.3');
  });
});
