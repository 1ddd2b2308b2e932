import type { Mutant } from '../mutant.js';
import { ATTRIBUTE_MUTANTS } from './attributes.js';
import { DATA_MUTANTS } from './data.js';
import { DISK_MUTANTS } from './disk.js';
import { LINK_MUTANTS } from './link.js';
import { NAME_MUTANTS } from './names.js';
import { SERVER_MUTANTS } from './server.js';
import { LOAD_MUTANTS, OUTAGE_MUTANTS } from './stress.js';
import { STORE_MUTANTS } from './store.js';
import { TRANSPORTER_MUTANTS } from './transporter.js';
import { XATTR_MUTANTS } from './xattrs.js';

/** Every planted defect, by seam. */
export const MUTANTS: readonly Mutant[] = [
  ...ATTRIBUTE_MUTANTS,
  ...NAME_MUTANTS,
  ...DATA_MUTANTS,
  ...XATTR_MUTANTS,
  ...STORE_MUTANTS,
  ...TRANSPORTER_MUTANTS,
  ...DISK_MUTANTS,
  ...SERVER_MUTANTS,
  ...LOAD_MUTANTS,
  ...OUTAGE_MUTANTS,
  ...LINK_MUTANTS,
];
