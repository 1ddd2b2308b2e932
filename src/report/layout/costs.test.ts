import type { CaseResult, RequestCount, SuiteResult } from '../model.js';
import { sampleRun } from '../testing/sample-run.js';
import { compareCosts, costSentence, dearestCases } from './costs.js';

function count(operation: string, requests: number, over: Partial<RequestCount> = {}): RequestCount {
  return { operation, count: requests, errors: 0, bytesSent: 0, bytesReceived: 0, ...over };
}

function result(id: string, requests: RequestCount[], over: Partial<CaseResult> = {}): CaseResult {
  const base = {
    says: 'it is so',
    group: 'g',
    operations: [],
    state: 'passed',
    elapsedMs: 1,
    seed: 1,
  } as const;
  return { ...base, operations: [], id, requests, ...over };
}

function suite(target: string, cases: CaseResult[]): SuiteResult {
  const requests = cases.flatMap((each) => each.requests ?? []);
  return { suite: 'posix', target, control: false, elapsedMs: 1, cases, requests };
}

describe('what a suite costs', () => {
  test('is one line with what was refused and sent again', () => {
    const requests = [
      count('PutObject', 1, { retries: 1, errors: 1, statuses: { 200: 1 } }),
      count('GetObject', 1),
    ];
    expect(costSentence(requests)).toMatch(
      /^2 requests \(1 refused, 1 sent again\); on S3 Standard \(us-east-1, .*\) \$5\.40 per million runs$/,
    );
  });

  test('begins with its dearest case, and leaves out those that asked nothing', () => {
    const cases = [
      result('g/get', [count('GetObject', 9)]),
      result('g/put', [count('PutObject', 1)]),
      result('g/no', []),
    ];
    expect(dearestCases(suite('objectfs', cases)).map(({ id }) => id)).toEqual(['g/put', 'g/get']);
  });

  test('stands beside what another target costs for the same work, and says where that did not pass', () => {
    const one = {
      ...sampleRun(),
      mounts: undefined,
      suites: [suite('objectfs', [result('g/a', [count('PutObject', 1)])])],
    };
    const failed = result('g/a', [count('PutObject', 2), count('HeadObject', 5)], { state: 'failed' });
    const two = { ...sampleRun(), mounts: undefined, suites: [suite('s3fs', [failed])] };
    expect(compareCosts([one, two])).toEqual({
      wholes: [{ what: 'suite posix', cells: ['objectfs: $5.00, 1 requests', 's3fs: $12.00, 7 requests'] }],
      cases: [
        { what: 'posix:g/a', cells: ['objectfs: $5.00, 1 requests', 's3fs, failed: $12.00, 7 requests'] },
      ],
    });
  });
});
