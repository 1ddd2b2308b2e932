import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../errors/failure.js';
import { parsePlace, settleTarget, treeAt } from './places.js';
import { STREAM_WORD } from './stream-word.js';

describe('the places of a copy', () => {
  test.each([
    ['s3://data', { kind: 'object', bucket: 'data', key: '' }],
    ['s3://data/a/b', { kind: 'object', bucket: 'data', key: 'a/b' }],
    ['s3://data/a/', { kind: 'object', bucket: 'data', key: 'a/' }],
    ['s3://data//a', { kind: 'object', bucket: 'data', key: '/a' }],
    ['./s3', { kind: 'file', path: './s3' }],
    [STREAM_WORD, { kind: 'stream' }],
  ])('%s', (text, place) => {
    expect(parsePlace(text)).toEqual(place);
  });

  test.each(['', 's3://', 's3://Bad_Name/key'])('%j is refused', (text) => {
    expect(() => parsePlace(text)).toThrow(Failure);
  });

  test('one file keeps its name below a folder, and a stream needs a whole key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'objectfs-places-'));
    const file = parsePlace('/tmp/film.mkv');
    expect(await settleTarget(file, parsePlace('s3://data'))).toMatchObject({ key: 'film.mkv' });
    expect(await settleTarget(file, parsePlace('s3://data/films/'))).toMatchObject({ key: 'films/film.mkv' });
    expect(await settleTarget(file, parsePlace('s3://data/films'))).toMatchObject({ key: 'films' });
    const object = parsePlace('s3://data/films/film.mkv');
    expect(await settleTarget(object, parsePlace(folder))).toEqual({
      kind: 'file',
      path: join(folder, 'film.mkv'),
    });
    await expect(settleTarget(parsePlace(STREAM_WORD), parsePlace('s3://data/'))).rejects.toThrow(/no name/);
    await rm(folder, { recursive: true });
  });

  test('a tree on S3 is what lies below a prefix, not what begins like it', () => {
    expect(treeAt(parsePlace('s3://data/films'))).toMatchObject({ kind: 'prefix', key: 'films/' });
    expect(treeAt(parsePlace('s3://data'))).toMatchObject({ key: '' });
    expect(() => treeAt(parsePlace(STREAM_WORD))).toThrow(/no folder/);
  });
});
