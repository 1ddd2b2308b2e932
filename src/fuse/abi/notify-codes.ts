/** Messages that the file system sends on its own: `unique` is 0 and the code stands in the error field. */
export const NOTIFY = {
  POLL: 1, // 7.11
  INVAL_INODE: 2, // 7.12
  INVAL_ENTRY: 3, // 7.12
  STORE: 4, // 7.15
  RETRIEVE: 5, // 7.15
  DELETE: 6, // 7.18
} as const;
