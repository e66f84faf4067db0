import { InputError, UnknownNameError } from "./errors.ts";

/**
 * The names of all options of `O`, of every member where `O` is a union. A table that lacks a name
 * or has one too many does not compile, so it cannot drift from the type.
 */
export type OptionNames<O> = { readonly [K in O extends unknown ? keyof O : never]-?: true };

/**
 * Refuse options that a function does not have; a misspelled one would otherwise be ignored.
 * @throws UnknownNameError naming the nearest options; InputError when `options` is no object.
 */
export function checkOptions<O extends object>(
  where: string,
  options: O | undefined,
  names: OptionNames<NoInfer<O>>,
): void {
  if (options === undefined) return;
  const known = Object.keys(names);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const got = Array.isArray(options) ? "a list" : String(options);
    throw new InputError(
      `${where}: options must be an object such as { ${known[0]}: … }, got ${got}`,
    );
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown !== undefined) throw new UnknownNameError(where, "option", unknown, known);
}

/** The part of wider options that another function has, to hand on to it. */
export function pickOptions<O extends object>(options: O, names: OptionNames<NoInfer<O>>): O {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => Object.hasOwn(names, name)),
  ) as O;
}
