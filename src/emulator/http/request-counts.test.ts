import { RequestCounts, type ServedRequest } from './request-counts.js';

/** Ended without a whole reply. */
const LOST: ServedRequest = { operation: 'GetObject', bytesSent: 0, bytesReceived: 0, asked: 'GET /b/k' };

function served(over: Partial<ServedRequest> = {}): ServedRequest {
  return { ...LOST, status: 200, ...over };
}

function countOf(...requests: readonly ServedRequest[]) {
  const counts = new RequestCounts();
  for (const request of requests) counts.add(request);
  return counts.snapshot()[0];
}

describe('requests by status', () => {
  test('are told apart, with those that ended without a whole reply', () => {
    const count = countOf(served(), served(), served({ status: 404 }), LOST);
    expect(count).toMatchObject({ count: 4, errors: 2, statuses: { 200: 2, 404: 1, none: 1 }, retries: 0 });
  });
});

describe('a request that is sent again', () => {
  test.each([500, 503, 429])('after a reply of %d is a retry, once', (status) => {
    expect(countOf(served({ status }), served(), served())).toMatchObject({ count: 3, retries: 1 });
  });

  test('after a reply that was lost is a retry', () => {
    expect(countOf(LOST, served())).toMatchObject({ retries: 1 });
  });

  test.each([200, 404, 412])('after a reply of %d is a request of its own', (status) => {
    expect(countOf(served({ status }), served())).toMatchObject({ retries: 0 });
  });

  test('with another target or method is no retry', () => {
    const other = served({ asked: 'GET /b/k?partNumber=2' });
    expect(countOf(served({ status: 503 }), other, served({ asked: 'PUT /b/k' }))).toMatchObject({
      retries: 0,
    });
  });

  test('by an AWS SDK says so itself, and is counted once', () => {
    const first = served({ status: 503, sdkRequest: 'attempt=1; max=3' });
    const second = served({ sdkRequest: 'attempt=2; max=3' });
    expect(countOf(first, second)).toMatchObject({ retries: 1 });
    expect(countOf(second)).toMatchObject({ retries: 1 });
  });
});
