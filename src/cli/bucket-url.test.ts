import { Failure } from '../errors/failure.js';
import { parseBucketUrl } from './bucket-url.js';

describe('parseBucketUrl', () => {
  test.each([
    ['s3://data', { bucket: 'data', prefix: '' }],
    ['s3://data/', { bucket: 'data', prefix: '' }],
    ['s3://data/a/b', { bucket: 'data', prefix: 'a/b/' }],
    ['s3://data/a/b/', { bucket: 'data', prefix: 'a/b/' }],
  ])('%s is read', (text, expected) => {
    expect(parseBucketUrl(text)).toEqual(expected);
  });

  test.each(['data', 'http://data', 's3://', 's3://Upper', 's3://a', 's3://under_score'])(
    '%j is refused as wrong use',
    (text) => {
      let failure: Failure | undefined;
      try {
        parseBucketUrl(text);
      } catch (reason) {
        failure = Failure.from(reason);
      }
      expect(failure?.kind).toBe('usage');
      expect(failure?.remedy).toBeDefined();
    },
  );
});
