/** The mount table shows the type `fuse.objectfs`. */
export const SUBTYPE = 'objectfs';
