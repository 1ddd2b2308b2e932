import koffi from 'koffi';

/** include/uapi/linux/falloc.h: KEEP_SIZE and PUNCH_HOLE. */
const PUNCH_MODE = 0x01 | 0x02;

type Fallocate = { async(...args: [number, number, number, number, Done]): void };
type Done = (error: Error | null, result: number) => void;

let fallocate: Fallocate | undefined;
let isMissing = process.platform !== 'linux';

/**
 * Gives the disk blocks of a range of a local file back; the range then reads as zeros (fallocate(2)).
 *
 * @returns `false` where the machine or its file system can not do that; the bytes are then unchanged.
 */
export async function punchHole(fd: number, offset: number, lengthBytes: number): Promise<boolean> {
  const call = loaded();
  if (call === undefined) return false;
  return await new Promise<boolean>((resolve) => {
    call.async(fd, PUNCH_MODE, offset, lengthBytes, (error, result) => {
      // Outside of Node's callback scopes promise jobs would not run.
      setImmediate(() => {
        resolve(error === null && result === 0);
      });
    });
  });
}

function loaded(): Fallocate | undefined {
  if (fallocate !== undefined || isMissing) return fallocate;
  try {
    const declaration = 'int fallocate(int fd, int mode, int64_t offset, int64_t length)';
    fallocate = koffi.load('libc.so.6').func(declaration);
  } catch {
    isMissing = true;
  }
  return fallocate;
}
