import { z } from 'zod';
import { Failure } from '../errors/failure.js';
import { formatSize, parseSize } from './size.js';

/** A byte count from `least` to `most`: a number, or text such as `16MiB`. */
export function size(least: number, most: number) {
  return z
    .union([z.number().int(), z.string().transform(sizeFromText)])
    .refine((bytes) => bytes >= least && bytes <= most, {
      error: `must be from ${formatSize(least)} to ${formatSize(most)}`,
    });
}

function sizeFromText(text: string, context: z.RefinementCtx): number {
  try {
    return parseSize(text);
  } catch (reason) {
    context.addIssue({ code: 'custom', message: Failure.from(reason).toLine() });
    return z.NEVER;
  }
}
