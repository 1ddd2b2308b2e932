import { bind, check } from './native-call.js';
import type { OtherUser } from './syscalls.js';

/**
 * Numbers of the raw system calls, which change one thread, where the functions of libc change them all
 * (setresuid(2), "C library/kernel differences"). Their order: setresuid, setresgid, setgroups.
 */
const NUMBERS: Readonly<Record<string, readonly [number, number, number]>> = {
  x64: [117, 119, 116], // arch/x86/entry/syscalls/syscall_64.tbl
  arm64: [147, 149, 159], // include/uapi/asm-generic/unistd.h
};

/**
 * See `Syscalls.as`. The saved ids stay 0: that is the way back. Another real and effective id than 0 takes all
 * effective capabilities away (capabilities(7), "Effect of user ID changes").
 */
export function asOtherUser<T>(user: OtherUser, body: () => T): T {
  const numbers = NUMBERS[process.arch];
  if (numbers === undefined) throw new Error(`The system calls of ${process.arch} are not known here`);
  const [setresuid, setresgid, setgroups] = numbers;
  const before = process.getgroups?.() ?? [];
  const set = (number: number, ...ids: readonly [number, number, number]): void => {
    check('syscall', undefined, raw()(number, ...ids));
  };
  const setGroups = (groups: readonly number[]): void => {
    check('setgroups', undefined, rawGroups()(setgroups, groups.length, Uint32Array.from(groups)));
  };
  try {
    setGroups(user.groups ?? []);
    set(setresgid, user.gid, user.gid, 0);
    set(setresuid, user.uid, user.uid, 0);
    return body();
  } finally {
    set(setresuid, 0, 0, 0);
    set(setresgid, 0, 0, 0);
    setGroups(before);
  }
}

let cachedRaw: ReturnType<typeof bind> | undefined;
let cachedGroups: ReturnType<typeof bind> | undefined;

function raw(): ReturnType<typeof bind> {
  return (cachedRaw ??= bind('long syscall(long number, uint32_t a, uint32_t b, uint32_t c)'));
}

function rawGroups(): ReturnType<typeof bind> {
  return (cachedGroups ??= bind('long syscall(long number, size_t count, const void *groups)'));
}
