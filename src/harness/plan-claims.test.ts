import { configSchema } from '../config/schema.js';
import { MINIMUM_BLOCKS } from '../bench/statistics/verdict.js';
import { planClaims } from './plan-claims.js';

const { transfer } = configSchema.parse({});

test('every link of which something is claimed has its experiment, with as many blocks as decide', async () => {
  const { experiments, claims, withStorm } = await planClaims({ seed: 1, transfer });
  const links = new Set(experiments.map(({ link }) => link.name));
  expect([...links]).toEqual(['same-region', 'loopback', 'home', 'cross-region']);
  expect(new Set(claims.map(({ profile }) => profile))).toEqual(links);
  expect(experiments.every(({ plan }) => plan.blocks === MINIMUM_BLOCKS)).toBe(true);
  expect(experiments.every(({ plan }) => plan.transfer.level === 'aggressive')).toBe(true);
  expect(withStorm).toBe(true);
});

test('one link has its own claims alone', async () => {
  const home = await planClaims({ seed: 1, transfer, link: 'home', blocks: 3 });
  expect(
    home.experiments.map(({ link, plan }) => [link.name, plan.blocks, plan.smallRequestsBeside]),
  ).toEqual([
    ['home', 3, true],
    ['home', 3, true],
  ]);
  expect(home.experiments.flatMap(({ plan }) => plan.operations)).toEqual(['upload', 'download']);
  expect(home.claims.every(({ profile }) => profile === 'home')).toBe(true);
  expect([home.withStorm, home.missing]).toEqual([false, []]);
});

test('a link of which nothing is claimed is a usage error that names the others', async () => {
  await expect(planClaims({ seed: 1, transfer, link: 'satellite' })).rejects.toMatchObject({
    kind: 'usage',
    remedy: 'Links with claims: same-region, loopback, home, cross-region',
  });
});

test('a program that is not there is told with the way to get it, and nothing is claimed against it', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  try {
    const { missing, claims } = await planClaims({ seed: 1, transfer, link: 'same-region' });
    expect(missing.map(({ program }) => program)).toEqual(['rclone', 's3cmd']);
    expect(missing[0]?.reason).toContain('apt install rclone');
    expect(claims.some(({ arm }) => arm === 'objectfs-cp')).toBe(false);
  } finally {
    process.env['PATH'] = path;
  }
});
