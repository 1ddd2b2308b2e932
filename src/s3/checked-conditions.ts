import { Failure } from '../errors/failure.js';
import { bareEtag } from './etags.js';
import type { StoreCapabilities } from './probe.js';
import type { Cancellable, ObjectHead, ObjectStore, WriteConditions } from './store.js';

/** Which conditions of writes a server honours; the others are checked by HEAD. */
export type HonouredConditions = Pick<
  StoreCapabilities,
  'conditionalCreate' | 'conditionalReplace' | 'conditionalComplete' | 'conditionalCopy'
>;

/** AWS: every condition is honoured. */
export const ALL_CONDITIONS: HonouredConditions = {
  conditionalCreate: true,
  conditionalReplace: 'quoted',
  conditionalComplete: true,
  conditionalCopy: true,
};

/**
 * A store whose conditions hold on a server that ignores some of them: what the server does not honour is checked by
 * HEAD just before the request, which is then sent without it. Unlike a condition of the server, this does not see a
 * write of another client between HEAD and request.
 */
export function withCheckedConditions(store: ObjectStore, honoured: HonouredConditions): ObjectStore {
  const { conditionalCreate, conditionalReplace, conditionalComplete, conditionalCopy } = honoured;
  const forPut = { create: conditionalCreate, replace: conditionalReplace };
  const forComplete = {
    create: conditionalComplete,
    replace: conditionalComplete ? 'quoted' : 'none',
  } as const;
  return {
    ...store,
    put: async (key, body, options = {}) =>
      store.put(key, body, await settleWrite(store, key, options, forPut)),
    completeUpload: async (key, uploadId, parts, options = {}) =>
      store.completeUpload(key, uploadId, parts, await settleWrite(store, key, options, forComplete)),
    copy: async (sourceKey, targetKey, options = {}) =>
      store.copy(sourceKey, targetKey, await settleSource(store, sourceKey, options, conditionalCopy)),
    copyPart: async (key, uploadId, partNumber, options) =>
      store.copyPart(
        key,
        uploadId,
        partNumber,
        await settleSource(store, options.sourceKey, options, conditionalCopy),
      ),
  };
}

interface HonouredInWrite {
  readonly create: boolean;
  readonly replace: StoreCapabilities['conditionalReplace'];
}

/** Options whose conditions the server can be trusted with. @throws Failure `precondition-failed`. */
async function settleWrite<Options extends WriteConditions & Cancellable>(
  store: ObjectStore,
  key: string,
  options: Options,
  honoured: HonouredInWrite,
): Promise<Omit<Options, 'ifMatch' | 'ifAbsent'> & WriteConditions> {
  const { ifMatch, ifAbsent, ...rest } = options;
  let trusted: WriteConditions = {};
  if (ifAbsent === true) {
    if (honoured.create) trusted = { ifAbsent };
    else if ((await headOf(store, key, options)) !== undefined) throw changed(key);
  }
  if (ifMatch !== undefined) {
    if (honoured.replace === 'quoted') trusted = { ...trusted, ifMatch };
    else if (honoured.replace === 'bare') trusted = { ...trusted, ifMatch: bareEtag(ifMatch) };
    else if ((await headOf(store, key, options))?.etag !== ifMatch) throw changed(key);
  }
  return { ...rest, ...trusted };
}

async function settleSource<
  Options extends Cancellable & { readonly sourceIfMatch?: string; readonly sourceBucket?: string },
>(
  store: ObjectStore,
  sourceKey: string,
  options: Options,
  isHonoured: boolean,
): Promise<Options | Omit<Options, 'sourceIfMatch'>> {
  const { sourceIfMatch, ...rest } = options;
  // A HEAD of this store would look into the wrong bucket; such a copy keeps the condition as a hope.
  if (sourceIfMatch === undefined || isHonoured || (options.sourceBucket ?? store.bucket) !== store.bucket) {
    return options;
  }
  const { etag } = await store.head(sourceKey, signalOf(options));
  if (etag !== sourceIfMatch) throw changed(sourceKey);
  return rest;
}

async function headOf(
  store: ObjectStore,
  key: string,
  options: Cancellable,
): Promise<ObjectHead | undefined> {
  try {
    return await store.head(key, signalOf(options));
  } catch (reason) {
    if (Failure.from(reason).kind === 'missing') return undefined;
    throw reason;
  }
}

function signalOf({ signal }: Cancellable): Cancellable {
  return signal === undefined ? {} : { signal };
}

function changed(key: string): Failure {
  return new Failure('precondition-failed', `${key} is not what the request expects`, { subject: key });
}
