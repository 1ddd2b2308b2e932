import { pairsOf, parseArms, runsOf, type ComparedArm } from './arms.js';
import { balancedOrders } from './orders.js';
import { createRandom } from '../random/random.js';

describe('arms', () => {
  test('the baseline runs twice, and is compared with every other arm', () => {
    expect(runsOf(['rclone', 's3cmd'])).toEqual(['rclone', 's3cmd', 'rclone-again']);
    expect(pairsOf(['rclone', 's3cmd'])).toEqual([{ arm: 's3cmd', baseline: 'rclone' }]);
  });

  test('ours are compared with what they compete with: a process with processes', () => {
    const text = (arms: ComparedArm[]) => pairsOf(arms).map(({ arm, baseline }) => `${arm}/${baseline}`);
    expect(text(['plain', 'sdk', 'optimized'])).toEqual(['optimized/plain', 'sdk/plain', 'optimized/sdk']);
    expect(text(['plain', 'sdk', 'objectfs-cp', 'rclone'])).toEqual([
      'objectfs-cp/plain',
      'sdk/plain',
      'rclone/plain',
      'objectfs-cp/rclone',
    ]);
  });

  test('names may have spaces around them', () => {
    expect(parseArms('plain, rclone')).toEqual(['plain', 'rclone']);
  });

  test('nine runs of a block still stand once at each place of nine blocks', () => {
    const arms = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const orders = balancedOrders(arms, 9, createRandom(3));
    for (const place of arms.keys()) {
      expect(orders.map((order) => order[place]).sort()).toEqual(arms);
    }
  });
});
