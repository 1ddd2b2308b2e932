import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Failure } from '../errors/failure.js';
import { compiledModule } from './paths.js';

/** The one way into the room of planted defects, which a published package does not have. */
const ROOM = 'src/planted/plant.js';

/** Whether this build has planted defects. */
function hasPlanted(): boolean {
  return existsSync(compiledModule(ROOM));
}

/** What the room says of a defect. */
export interface PlantedDefect {
  readonly id: string;
  readonly sentence: string;
  /** The seam that it is planted at. */
  readonly where: string;
  /** Cases that are expected to notice, `SUITE:ID`. */
  readonly expected: readonly string[];
}

interface Room<T> {
  readonly MUTANTS: readonly PlantedDefect[];
  plantBy(switchFile: string): T;
}

/** @throws Failure `unsupported` in a build without them. */
export async function plantedDefects(): Promise<readonly PlantedDefect[]> {
  return (await enter()).MUTANTS;
}

/**
 * What a part of the product goes through where defects are planted. Nothing of the configuration, the environment or
 * the command line leads here: only the mutation board puts a switch into the plans of the processes that it starts.
 *
 * @param switchFile - Holds the id of the defect that works now.
 * @throws Failure `unsupported` in a build without them.
 */
export async function loadPlanted<T>(switchFile: string): Promise<T> {
  return (await enter<T>()).plantBy(switchFile);
}

async function enter<T>(): Promise<Room<T>> {
  if (!hasPlanted()) {
    throw new Failure('unsupported', 'This build has no planted defects', {
      remedy: 'The mutation board runs in a build of the source tree only',
    });
  }
  // Loaded by path, so that no layer depends on the room; the caller names the part of it that it knows.
  return (await import(pathToFileURL(compiledModule(ROOM)).href)) as Room<T>;
}
