import { readXml } from './xml.js';

/**
 * The error that a reply stands for, in the shape of the SDK's errors, so that `toFailure` has one table for both.
 *
 * @param text - the body; empty for replies to HEAD.
 */
export function replyError(status: number, headers: Readonly<Record<string, string>>, text: string): Error {
  const facts = { $metadata: { httpStatusCode: status }, $response: { statusCode: status, headers } };
  if (text.trim() === '') return Object.assign(new Error('UnknownError'), { name: 'UnknownError', ...facts });
  try {
    const { content } = readXml(text, 'Error');
    const code = content.text('Code') ?? 'UnknownError';
    const actual = content.text('ActualObjectSize'); // of a refused range
    const details = actual === undefined ? {} : { ActualObjectSize: actual };
    return Object.assign(new Error(content.text('Message') ?? code), { name: code, ...facts, ...details });
  } catch (cause) {
    return Object.assign(new SyntaxError('the reply is no S3 error', { cause }), facts);
  }
}
