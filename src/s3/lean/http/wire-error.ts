/** An error with a code, as those of Node's core: `toFailure` knows it by that. */
export function wireError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** As the SDK's HTTP handler names it. */
export function timeoutError(message: string): Error {
  const error = new Error(message);
  error.name = 'TimeoutError';
  return error;
}

export function abortError(): Error {
  const error = new Error('The request was aborted');
  error.name = 'AbortError';
  return error;
}
