import type { Posix } from '../metadata/posix.js';
import { Catalog } from '../index/catalog.js';
import { fileType, S_IFDIR, S_IFLNK, S_IFREG } from '../modes.js';
import type { Node, NodeCommon } from './node.js';

/** A node of the type that its mode says. */
export function createNode(common: NodeCommon, posix: Posix): Node {
  switch (fileType(posix.mode)) {
    case S_IFDIR:
      return {
        ...common,
        kind: 'directory',
        children: new Map(),
        absent: new Map(),
        catalog: new Catalog(),
        subdirectories: undefined,
        timesDirty: false,
        active: 0,
        frozen: undefined,
        onIdle: undefined,
      };
    case S_IFREG:
      return {
        ...common,
        kind: 'file',
        stage: undefined,
        stream: undefined,
        contentDirty: false,
        journaled: undefined,
        writers: 0,
        version: undefined,
        replacing: undefined,
        leaving: undefined,
        contentVersion: 0,
        foreignVersion: 0,
        kernelVersion: undefined,
        recoveryPath: undefined,
        isLost: false,
        isTemporary: false,
      };
    case S_IFLNK:
      return { ...common, kind: 'symlink', target: undefined };
    default:
      return { ...common, kind: 'special' };
  }
}
