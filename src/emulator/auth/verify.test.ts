import { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';
import { verifyRequest, type Verifier } from './verify.js';

// The published examples: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const SCOPE = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
const HOST = 'examplebucket.s3.amazonaws.com';

function verifierAt(time: string, overrides: Partial<Verifier> = {}): Verifier {
  return { credentials: CREDENTIALS, region: 'us-east-1', nowMs: () => Date.parse(time), ...overrides };
}
const THEN = verifierAt('2013-05-24T00:05:00Z');

interface Example {
  readonly method: string;
  readonly target: string;
  readonly signed: Readonly<Record<string, string>>;
  readonly signature: string;
}

const EXAMPLES: Readonly<Record<string, Example>> = {
  'GET Object with a range': {
    method: 'GET',
    target: '/test.txt',
    signed: {
      host: HOST,
      range: 'bytes=0-9',
      'x-amz-content-sha256': EMPTY,
      'x-amz-date': '20130524T000000Z',
    },
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  'PUT Object with a dollar in its key': {
    method: 'PUT',
    target: '/test$file.text',
    signed: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      host: HOST,
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    },
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  'GET Bucket lifecycle, a parameter without value': {
    method: 'GET',
    target: '/?lifecycle',
    signed: { host: HOST, 'x-amz-content-sha256': EMPTY, 'x-amz-date': '20130524T000000Z' },
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  'List Objects with two parameters': {
    method: 'GET',
    target: '/?max-keys=2&prefix=J',
    signed: { host: HOST, 'x-amz-content-sha256': EMPTY, 'x-amz-date': '20130524T000000Z' },
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
};

function headOf(example: Example, changes: Readonly<Record<string, string>> = {}): RequestHead {
  const names = Object.keys(example.signed).join(';');
  const authorization = `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=${names},Signature=${example.signature}`;
  const fields = { ...example.signed, authorization, ...changes };
  return new RequestHead(example.method, example.target, Object.entries(fields).flat());
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (reason) {
    if (reason instanceof S3Error) return reason.s3Code;
    throw reason;
  }
  return 'accepted';
}

const GET = EXAMPLES['GET Object with a range'];
if (GET === undefined) throw new Error('The example is gone');

describe('signatures in the Authorization header', () => {
  test.each(Object.entries(EXAMPLES))('the published example "%s" is accepted', (_, example) => {
    const declared = example.signed['x-amz-content-sha256'];
    expect(verifyRequest(headOf(example), THEN)).toEqual({ kind: 'hash', sha256: declared });
  });

  test.each([
    ['another path', headOf({ ...GET, target: '/test.txt2' }), THEN, 'SignatureDoesNotMatch'],
    ['another method', headOf({ ...GET, method: 'HEAD' }), THEN, 'SignatureDoesNotMatch'],
    ['an added parameter', headOf({ ...GET, target: '/test.txt?acl' }), THEN, 'SignatureDoesNotMatch'],
    ['a changed header', headOf(GET, { range: 'bytes=0-10' }), THEN, 'SignatureDoesNotMatch'],
    ['an x-amz header outside the signature', headOf(GET, { 'x-amz-acl': 'private' }), THEN, 'AccessDenied'],
    ['a clock 16 minutes off', headOf(GET), verifierAt('2013-05-24T00:16:00Z'), 'RequestTimeTooSkewed'],
    ['a clock 14 minutes off', headOf(GET), verifierAt('2013-05-24T00:14:00Z'), 'accepted'],
    ['another region', headOf(GET), { ...THEN, region: 'eu-west-1' }, 'AuthorizationHeaderMalformed'],
    [
      'a key that is not known',
      headOf(GET),
      { ...THEN, credentials: { ...CREDENTIALS, accessKeyId: 'X' } },
      'InvalidAccessKeyId',
    ],
    [
      'another secret',
      headOf(GET),
      { ...THEN, credentials: { ...CREDENTIALS, secretAccessKey: 'X' } },
      'SignatureDoesNotMatch',
    ],
    [
      'a session token that is missing',
      headOf(GET),
      { ...THEN, credentials: { ...CREDENTIALS, sessionToken: 'X' } },
      'InvalidToken',
    ],
    ['no signature at all', new RequestHead('GET', '/', ['Host', HOST]), THEN, 'AccessDenied'],
    [
      'Signature Version 2',
      new RequestHead('GET', '/', ['Authorization', 'AWS a:b']),
      THEN,
      'InvalidRequest',
    ],
  ] as const)('a request with %s is answered with the code of S3', (_, head, verifier, code) => {
    expect(codeOf(() => verifyRequest(head, verifier))).toBe(code);
  });

  test('a missing x-amz-content-sha256 is refused', () => {
    const head = new RequestHead('GET', '/test.txt', [
      ...['Host', HOST, 'X-Amz-Date', '20130524T000000Z', 'Authorization'],
      `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host;x-amz-date, Signature=${GET.signature}`,
    ]);
    expect(codeOf(() => verifyRequest(head, THEN))).toBe('InvalidRequest');
  });
});

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
describe('presigned URLs', () => {
  const url = (expires: number, signature: string): RequestHead =>
    new RequestHead(
      'GET',
      `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(SCOPE)}` +
        `&X-Amz-Date=20130524T000000Z&X-Amz-Expires=${expires}&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`,
      ['Host', HOST],
    );
  const example = url(86_400, 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404');

  test('the published example is accepted until it expires', () => {
    expect(verifyRequest(example, verifierAt('2013-05-24T23:59:59Z'))).toEqual({ kind: 'unsigned' });
  });

  test('an expired one, one of the future, and one that lives too long are refused', () => {
    expect(codeOf(() => verifyRequest(example, verifierAt('2013-05-25T00:00:01Z')))).toBe('AccessDenied');
    expect(codeOf(() => verifyRequest(example, verifierAt('2013-05-23T23:44:00Z')))).toBe('AccessDenied');
    expect(codeOf(() => verifyRequest(url(604_801, 'x'), THEN))).toBe('AuthorizationQueryParametersError');
    expect(codeOf(() => verifyRequest(url(86_401, 'x'), THEN))).toBe('SignatureDoesNotMatch');
  });
});
