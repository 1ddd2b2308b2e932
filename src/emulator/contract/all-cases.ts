import { AUTH_CASES } from './auth-cases.js';
import { BUCKET_CASES } from './bucket-cases.js';
import { COPY_CASES, VERSION_CASES } from './copy-and-version-cases.js';
import { CHECKSUM_CASES } from './checksum-cases.js';
import type { ContractCase } from './contract-case.js';
import { LISTING_CASES } from './listing-cases.js';
import { MULTIPART_CASES } from './multipart-cases.js';
import { OBJECT_CASES } from './object-cases.js';
import { RANGE_CASES, READ_CONDITION_CASES } from './read-cases.js';
import { TAG_AND_CLASS_CASES } from './tag-and-class-cases.js';
import { WRITE_CONDITION_CASES } from './write-cases.js';

/** The contract: what a client of this project may rely on, of whatever service. */
export const CONTRACT: readonly ContractCase[] = [
  ...BUCKET_CASES,
  ...OBJECT_CASES,
  ...TAG_AND_CLASS_CASES,
  ...LISTING_CASES,
  ...RANGE_CASES,
  ...READ_CONDITION_CASES,
  ...WRITE_CONDITION_CASES,
  ...COPY_CASES,
  ...VERSION_CASES,
  ...MULTIPART_CASES,
  ...AUTH_CASES,
  ...CHECKSUM_CASES,
];
