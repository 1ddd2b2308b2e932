import type { z } from 'zod';
import { configSchema } from './schema.js';
import { variableOf } from './variables.js';

/** What a key's text (environment, flag) has to be turned into before the schema sees it. */
export type KeyShape = 'text' | 'whole-number' | 'switch';

/** One leaf of the configuration. */
export interface ConfigKey {
  readonly section: string;
  readonly name: string;
  /** `transfer.chunkSize`, as messages and `objectfs config` name it. */
  readonly path: string;
  /** `OBJECTFS_TRANSFER_CHUNK_SIZE`. */
  readonly variable: string;
  readonly shape: KeyShape;
  /** Its value must not be shown. */
  readonly secret: boolean;
}

const SECRET_KEYS = new Set(['secretAccessKey', 'sessionToken']);

/** Every key of the schema, in its order; the schema is the only list. */
export const CONFIG_KEYS: readonly ConfigKey[] = Object.entries(configSchema.shape).flatMap(
  ([section, wrapped]) =>
    // The entries of a union of shapes are typed `any`; each is a schema.
    Object.entries<z.core.$ZodType>(wrapped.def.innerType.shape).map(([name, leaf]) => ({
      section,
      name,
      path: `${section}.${name}`,
      variable: variableOf(section, name),
      shape: shapeOf(leaf),
      secret: SECRET_KEYS.has(name),
    })),
);

function shapeOf(leaf: z.core.$ZodType): KeyShape {
  const definition: { readonly type: string; readonly innerType?: z.core.$ZodType } = leaf._zod.def;
  if (definition.innerType !== undefined) return shapeOf(definition.innerType);
  if (definition.type === 'boolean') return 'switch';
  return definition.type === 'number' ? 'whole-number' : 'text';
}
