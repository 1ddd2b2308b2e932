import { z } from 'zod';

/** The first line of every journal. */
export const headSchema = z.object({
  version: z.literal(1),
  pin: z.record(z.string(), z.union([z.string(), z.number()])),
});

export const receivedPartSchema = z.object({
  index: z.number().int(),
  firstByte: z.number(),
  sizeBytes: z.number(),
  /** In the algorithm of the journal's pin, base64. */
  digest: z.string(),
});

/** A range that is in the local file. */
export type ReceivedPart = z.infer<typeof receivedPartSchema>;

const sentPartSchema = z.object({
  partNumber: z.number().int(),
  etag: z.string(),
  sizeBytes: z.number(),
  /** As in `x-amz-checksum-crc32`; absent where the bytes never passed here (copies on the server). */
  crc32: z.string().optional(),
});

/** A multipart upload that has begun, and its parts. */
export const uploadEntrySchema = z.union([z.object({ uploadId: z.string() }), sentPartSchema]);
export type UploadEntry = z.infer<typeof uploadEntrySchema>;
