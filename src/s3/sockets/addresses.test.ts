import type { LookupAddress } from 'node:dns';
import { Socket } from 'node:net';
import { AddressBook } from './addresses.js';

const four = (address: string): LookupAddress => ({ address, family: 4 });
const six = (address: string): LookupAddress => ({ address, family: 6 });

describe('the addresses of an endpoint', () => {
  let nowMs = 0;
  let questions = 0;
  let answer: readonly LookupAddress[] | Error = [];
  let book: AddressBook;

  beforeEach(() => {
    nowMs = 1_000;
    questions = 0;
    answer = [four('a'), four('b'), four('c')];
    const resolve = (): Promise<readonly LookupAddress[]> => {
      questions += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    book = new AddressBook(resolve, () => nowMs);
  });

  async function order(): Promise<string> {
    return (await book.next('name')).map(({ address }) => address).join(' ');
  }

  test('take turns, with one question for as long as the answer is used', async () => {
    expect(await Promise.all([order(), order(), order(), order()])).toEqual([
      'a b c',
      'b c a',
      'c a b',
      'a b c',
    ]);
    expect(questions).toBe(1);
    nowMs += 5_000;
    answer = [four('d')];
    expect(await order()).toBe('d');
  });

  test.each(['connectionAttemptFailed', 'connectionAttemptTimeout'])(
    'one with a %s stands last for a minute',
    async (event) => {
      const socket = new Socket();
      book.watch(socket);
      socket.emit(event, 'a', 80, 4);
      expect([await order(), await order(), await order()]).toEqual(['b c a', 'c b a', 'b c a']);
      nowMs += 60_000;
      expect((await Promise.all([order(), order(), order()])).sort()).toEqual(['a b c', 'b c a', 'c a b']);
    },
  );

  test('of the family that the system does not prefer are behind those that it does', async () => {
    answer = [six('x'), four('a'), six('y')];
    expect([await order(), await order()]).toEqual(['x y a', 'y x a']);
  });

  test('are asked for again after a failure, which every waiting connection is told', async () => {
    answer = new Error('no answer');
    await expect(Promise.all([order(), order()])).rejects.toThrow('no answer');
    answer = [four('a')];
    expect(await order()).toBe('a');
  });
});
