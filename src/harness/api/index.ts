/** What a suite may import: this module and Node's own. */
export { CaseList, type CaseOptions } from './case-list.js';
export { defineGroup } from './define.js';
export { NEEDS, OTHER_CLIENTS, TIERS } from './case.js';
export type {
  CaseContext,
  CaseDefinition,
  CaseGroup,
  CredentialSource,
  DirectStore,
  FixtureFile,
  Need,
  OtherClient,
  ProcessFacts,
  TargetControl,
  TargetSettings,
  Tier,
} from './case.js';
export { createRandom } from '../../random/random.js';
export { mixSeed, seededBytes } from './seeded.js';
export { modelRequest, removeReplay, writeReplay, type ModelRequest } from './model.js';
export { likeTree, namedPaths, type LikeEntry, type LikeTree } from './like.js';
export type { Program, Replay, Step } from './program.js';
export { CaseFailure, equal, fail, notEqual, ok, sameBytes } from './assert.js';
export { codeOf } from './outcome.js';
export { NOBODY, callsAsUser, type FsCall } from './as-user.js';
export * from './constants.js';
export type { CallArgument, OtherUser, Syscalls, TimeSpec } from './syscalls.js';
export type { CallName } from './libc-calls.js';
export type { Fault, FaultCount, FaultRule, FaultRules } from '../../emulator/faults/rules.js';
export type { ErrnoName } from '../../errors/errno.js';
export type { RawReply } from './raw-request.js';
