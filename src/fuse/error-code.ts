/** The `code` of an error of Node's core. By shape and not by class: it may come from another realm (a test sandbox). */
export function errorCode(reason: unknown): string | undefined {
  if (typeof reason !== 'object' || reason === null || !('code' in reason)) return undefined;
  return typeof reason.code === 'string' ? reason.code : undefined;
}
