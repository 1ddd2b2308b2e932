import { countsBetween, countsTogether, dollarsFor, dollarsPerMillion, perMillionRuns } from './prices.js';

function count(operation: string, requests: number) {
  return { operation, count: requests, errors: 0, bytesSent: 0, bytesReceived: 0 };
}

describe('prices of requests', () => {
  test('writes and listings cost 0.005 dollars per 1,000, reads 0.0004, deletes and given-up uploads nothing', () => {
    expect(dollarsFor([count('PutObject', 1000)])).toBeCloseTo(0.005, 10);
    expect(dollarsFor([count('ListObjectsV2', 1000)])).toBeCloseTo(0.005, 10);
    expect(dollarsFor([count('UploadPartCopy', 1000)])).toBeCloseTo(0.005, 10);
    expect(dollarsFor([count('GetObject', 500), count('HeadObject', 500)])).toBeCloseTo(0.0004, 10);
    expect(dollarsFor([count('DeleteObject', 1000), count('AbortMultipartUpload', 1000)])).toBe(0);
  });

  test('a reply of 5xx costs nothing, a refusal and a lost reply cost what the request costs', () => {
    const replies = { ...count('PutObject', 4), statuses: { 200: 1, 403: 1, 503: 1, none: 1 } };
    expect(dollarsPerMillion([replies])).toBe(15);
  });

  test('a workload of one PUT and one GET costs 5.40 dollars per million runs', () => {
    expect(perMillionRuns([count('PutObject', 1), count('GetObject', 1)])).toBe('$5.40 per million runs');
  });

  test('what was asked between two counts is the difference, without operations that were not asked for', () => {
    const before = [count('GetObject', 3), count('PutObject', 1)];
    const after = [count('GetObject', 5), count('HeadObject', 2), count('PutObject', 1)];
    expect(countsBetween(before, after)).toEqual([count('GetObject', 2), count('HeadObject', 2)]);
    const then = [{ ...count('GetObject', 3), statuses: { 200: 2, 503: 1 }, retries: 1 }];
    const now = [{ ...count('GetObject', 5), statuses: { 200: 4, 503: 1 }, retries: 2 }];
    expect(countsBetween(then, now)).toEqual([
      { ...count('GetObject', 2), statuses: { 200: 2 }, retries: 1 },
    ]);
  });

  test('what two servers were asked is added up by operation and by status', () => {
    const one = [
      { ...count('GetObject', 3), statuses: { 200: 2, 503: 1 }, retries: 1 },
      count('PutObject', 1),
    ];
    const other = [{ ...count('GetObject', 4), statuses: { 200: 3, 404: 1 } }, count('HeadObject', 2)];
    expect(countsTogether([one, other])).toEqual([
      { ...count('GetObject', 7), statuses: { 200: 5, 404: 1, 503: 1 }, retries: 1 },
      count('HeadObject', 2),
      count('PutObject', 1),
    ]);
  });
});
