import { z } from 'zod';

/** What one arm did at a server that refuses what comes above a rate; counted by the server, after the warm-up. */
export const stormArmSchema = z.strictObject({
  arm: z.string(),
  measuredMs: z.number(),
  /** Reads that came, and those of them that got 503. */
  asked: z.number().int(),
  refused: z.number().int(),
  /** Reads that were answered, of those that the server allows in that time: 1 is all. */
  goodputShare: z.number(),
  /** `refused` of `asked`, 0 to 1. */
  refusedShare: z.number(),
  /** Objects that came whole, were given up, and fell back to one plain request; warm-up included. */
  completed: z.number().int(),
  failed: z.number().int(),
  fellBack: z.number().int(),
});
export type StormArm = z.infer<typeof stormArmSchema>;

/** Downloads at a server that allows so many requests a second. */
export const stormSchema = z.strictObject({
  requestsPerSecond: z.number(),
  warmUpMs: z.number(),
  arms: z.array(stormArmSchema),
});
export type Storm = z.infer<typeof stormSchema>;
