/** The same object without some of its optional members. */
export function without<T extends object>(given: T, ...names: readonly OptionalName<T>[]): T {
  const left = Object.entries(given).filter(([name]) => !names.some((each) => each === name));
  return Object.fromEntries(left) as T; // only members that may be absent are gone
}

type OptionalName<T> = { [Name in keyof T]-?: undefined extends T[Name] ? Name : never }[keyof T];
