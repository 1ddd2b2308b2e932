/** Stands for `-` while yargs parses, which hands a single hyphen over as an empty text. No path can hold it. */
export const STREAM_WORD = '\0-';
