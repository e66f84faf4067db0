import { InputError } from "../core/errors.ts";

/** The name of an index in brackets, as in `t[0]`. */
const index = /^-?\d+$/;

/**
 * A prototype for classes whose objects never change. Names that neither an object nor its class has
 * end here: assigning to one, and reading an index, are errors that say what to write.
 */
export const immutable: object = new Proxy(
  {},
  {
    set(_target, name): never {
      const place = index.test(String(name)) ? `[${String(name)}]` : `.${String(name)}`;
      throw new InputError(
        `Tensor: cannot be changed in place, as by t${place} = …; make a new tensor, such as t.mul(mask) or where(condition, x, y), and in a hook return it`,
      );
    },
    get(target, name, receiver): unknown {
      if (typeof name === "string" && index.test(name)) {
        throw new InputError(`Tensor: t[${name}] is written t.at(${name})`);
      }
      return Reflect.get(target, name, receiver);
    },
  },
);

/** For JavaScript's operators, which ask a tensor to be a number. */
export function noOperators(): InputError {
  return new InputError(
    "Tensor: operators such as t + 1 or t < u do not work on tensors; write t.add(1), t.less(u), or t.item() for one number",
  );
}

/** For an operand that is no tensor nor, if `numbers` are taken, a number. */
export function notAnOperand(name: string, value: unknown, numbers: boolean): InputError {
  const got = Array.isArray(value) ? "a list" : value === null ? "null" : typeof value;
  return new InputError(
    `${name}: takes a tensor${numbers ? " or a number" : ""}, got ${got}; make one with tensor(…)`,
  );
}
