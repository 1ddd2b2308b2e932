/** How fast an archived object is made readable (S3 user guide, "Archive retrieval options"). */
export const RESTORE_TIERS = ['Expedited', 'Standard', 'Bulk'] as const;
export type RestoreTier = (typeof RESTORE_TIERS)[number];
