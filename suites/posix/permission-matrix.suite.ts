import { chmod, chown, mkdir } from 'node:fs/promises';
import {
  CaseList,
  NOBODY,
  defineGroup,
  equal,
  type CaseContext,
  type FsCall,
} from '../../src/harness/api/index.js';
import { O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, makeFile } from './shared/files.js';
import { asNobody } from './shared/other-user.js';

const group = new CaseList('posix', 'permission-matrix', {
  operations: ['access', 'open'],
  needs: ['root', 'chown'],
  tier: 'full',
});

const STRANGER = 4321;
const READ = 4;
const WRITE = 2;
const EXECUTE = 1;
const BITS = [0, 1, 2, 3, 4, 5, 6, 7];

/** Who a caller is to a file, and where the bits that count for it stand. */
const classes = [
  { name: 'owner', uid: NOBODY, gid: STRANGER, shift: 6 },
  { name: 'group', uid: STRANGER, gid: NOBODY, shift: 3 },
  { name: 'other', uid: STRANGER, gid: STRANGER, shift: 0 },
] as const;

/** The bits of this class, with all bits of the others set where they must not count. */
function modeOf(shift: number, bits: number): number {
  return (0o777 & ~(7 << shift)) | (bits << shift);
}

/** What a call needs of the bits, in the order in which the calls are made. */
type Wish = readonly [call: FsCall, needed: number];

async function compare(context: CaseContext, wishes: readonly (readonly [number, Wish])[]): Promise<void> {
  const answers = await asNobody(context, ...wishes.map(([, [call]]) => call));
  for (const [index, [bits, [call, needed]]] of wishes.entries()) {
    const expected = (bits & needed) === needed ? 'ok' : 'EACCES';
    equal(answers[index], expected, `answer of ${JSON.stringify(call)} with bits ${bits}`);
  }
}

for (const { name, uid, gid, shift } of classes) {
  group.add(
    `file-by-${name}`,
    `each of the eight modes of a file lets its ${name} read, write and execute as access(2) and open(2) say`,
    async (context) => {
      const wishes: (readonly [number, Wish])[] = [];
      for (const bits of BITS) {
        const file = await makeFile(context, `file-${bits}`, 'x');
        await chmod(file, modeOf(shift, bits));
        await chown(file, uid, gid);
        for (const wanted of BITS) wishes.push([bits, [['access', file, wanted], wanted]]);
        wishes.push([bits, [['open', file, O_RDONLY], READ]]);
        wishes.push([bits, [['open', file, O_WRONLY], WRITE]]);
        wishes.push([bits, [['open', file, O_RDWR], READ | WRITE]]);
        wishes.push([bits, [['open', file, O_WRONLY | O_TRUNC], WRITE]]);
      }
      await compare(context, wishes);
    },
  );

  group.add(
    `directory-by-${name}`,
    `each of the eight modes of a directory lets its ${name} list, search and change it as path_resolution(7) says`,
    async (context) => {
      const wishes: (readonly [number, Wish])[] = [];
      for (const bits of BITS) {
        const directory = context.path(`directory-${bits}`);
        await mkdir(`${directory}/empty`, { recursive: true });
        for (const inside of ['file', 'old', 'gone']) await makeFile(context, `directory-${bits}/${inside}`);
        await chmod(directory, modeOf(shift, bits));
        await chown(directory, uid, gid);
        wishes.push([bits, [['readdir', directory], READ]]);
        wishes.push([bits, [['stat', `${directory}/file`], EXECUTE]]);
        wishes.push([bits, [['writeFile', `${directory}/new`, 'x'], WRITE | EXECUTE]]);
        wishes.push([bits, [['mkdir', `${directory}/inner`], WRITE | EXECUTE]]);
        wishes.push([bits, [['symlink', 'x', `${directory}/link`], WRITE | EXECUTE]]);
        wishes.push([bits, [['rename', `${directory}/old`, `${directory}/moved`], WRITE | EXECUTE]]);
        wishes.push([bits, [['unlink', `${directory}/gone`], WRITE | EXECUTE]]);
        wishes.push([bits, [['rmdir', `${directory}/empty`], WRITE | EXECUTE]]);
      }
      await compare(context, wishes);
    },
    {
      operations: ['readdir', 'stat', 'create', 'mkdir', 'symlink', 'rename', 'unlink', 'rmdir'],
      needs: ['symlink'],
    },
  );
}

defineGroup(group);
